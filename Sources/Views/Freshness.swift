import History

/// Whether a measurement tells how things are now.
package enum Freshness: String {
    /// Made within ``longest``, by a clock that is known.
    case live
    /// Older, or nobody knows how old.
    case stale
    /// There is none.
    case never

    /// The oldest that counts as live, ms; as for what a battery is about to do.
    package static let longest = Energy.longestStep

    /// Between which Unix times in milliseconds what is live was made.
    package static func liveMoments(now: Int64) -> ClosedRange<Int64> {
        now.addingSaturated(-longest)...now.addingSaturated(longest)
    }

    /// Of a measurement made at a Unix time in milliseconds.
    package init(made: Int64?, _ quality: TimeQuality, now: Int64) {
        guard let made else {
            self = .never
            return
        }
        let (age, isHuge) = now.subtractingReportingOverflow(made)
        // a clock far ahead tells as little as one that was never set
        let isLive = !isHuge && (-Self.longest...Self.longest).contains(age)
        self = isLive && quality != .unmended ? .live : .stale
    }

    /// How old it is, ms; nought for one of a clock that is a little ahead.
    package static func age(made: Int64, now: Int64) -> Int64 {
        let (age, isHuge) = now.subtractingReportingOverflow(made)
        return isHuge ? (now > made ? .max : 0) : max(0, age)
    }
}
