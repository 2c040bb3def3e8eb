/// How long the windows are in which history is kept.
package enum HistoryTier: Int32, Hashable, Sendable, CaseIterable {
    case minute = 1
    /// A quarter of an hour.
    case quarter = 2
    /// A day of the site's time zone: 23, 24 or 25 hours.
    case day = 3

    /// Its usual length, ms; that of a day is one without a change of the clock.
    package var milliseconds: Int64 {
        switch self {
        case .minute: 60_000
        case .quarter: 900_000
        case .day: 86_400_000
        }
    }

    /// Windows that one chart reads at most: a month of quarter hours, two days of minutes.
    ///
    /// It bounds what a chart costs, whatever it shows.
    package static let budget: Int64 = 4000

    /// The tier for a chart of a time span, so many pixels wide.
    ///
    /// The coarsest that has a window for each pixel; when none has one within the budget, the finest
    /// that keeps to the budget. Minutes do not count before `minutesFrom`, where they were removed,
    /// nor quarter hours before `quartersFrom`.
    package static func forChart(
        from: Int64, to: Int64, pixels: Int, minutesFrom: Int64 = .min, quartersFrom: Int64 = .min
    ) -> HistoryTier {
        let (span, isHuge) = to.subtractingReportingOverflow(from)
        guard !isHuge else { return .day }
        let there = allCases.filter { tier in
            switch tier {
            case .minute: from >= minutesFrom
            case .quarter: from >= quartersFrom
            case .day: true
            }
        }
        let affordable = there.filter { span / $0.milliseconds <= budget }
        return affordable.last { span / $0.milliseconds >= Int64(pixels) } ?? affordable.first
            ?? .day
    }

    /// The beginning of the window around a Unix time in milliseconds; not for days, which a
    /// `SiteCalendar` knows.
    package static func start(of time: Int64, length: Int64) -> Int64 {
        let rest = time % length
        let (start, isTooEarly) = time.subtractingReportingOverflow(rest < 0 ? rest + length : rest)
        return isTooEarly ? .min : start
    }
}
