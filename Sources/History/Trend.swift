/// A straight line through values of many days.
package struct Trend: Hashable, Sendable {
    /// Change a day, in the unit of the values.
    package let perDay: Double
    /// The value of the line on the last day.
    package let latest: Double
    /// From the first to the last day.
    package let days: Int64

    /// Days that the health of a battery needs, for it changes by a few percent a year.
    package static let healthDays: Int64 = 60
    /// Days that its imbalance needs.
    package static let imbalanceDays: Int64 = 14

    /// The line with the least squares; nil when the values span fewer days than `leastDays`, or fewer
    /// than half of these have one.
    package init?(_ values: [(day: Int64, value: Int64)], leastDays: Int64) {
        guard let first = values.first?.day, let last = values.last?.day, last - first >= leastDays,
            Int64(values.count) >= leastDays / 2, values.count > 1
        else { return nil }
        let count = Double(values.count)
        let middle = values.reduce(0) { $0 + Double($1.day - first) } / count
        let mean = values.reduce(0) { $0 + Double($1.value) } / count
        var (product, square) = (0.0, 0.0)
        for (day, value) in values {
            let distance = Double(day - first) - middle
            product += distance * (Double(value) - mean)
            square += distance * distance
        }
        guard square > 0 else { return nil }
        perDay = product / square
        latest = mean + perDay * (Double(last - first) - middle)
        days = last - first
    }

    /// How health changes, 0.01 % a day, out of windows of days.
    package static func health(_ days: [RollUp]) -> Trend? {
        Trend(values(days) { $0.health }, leastDays: healthDays)
    }

    /// How the mean deviation of the worst cell changes, mV a day, out of windows of days.
    package static func imbalance(_ days: [RollUp]) -> Trend? {
        Trend(values(days) { $0.values[.deviation]?.mean }, leastDays: imbalanceDays)
    }

    private static func values(
        _ days: [RollUp], _ value: (RollUp) -> Int64?
    ) -> [(day: Int64, value: Int64)] {
        days.compactMap { day in
            // half a day later lies in the same day of UTC, whatever the clock does
            value(day).map { ((day.start.addingSaturated(43_200_000)) / 86_400_000, $0) }
        }
    }
}

/// How much a battery was used.
package struct CycleCount: Hashable, Sendable {
    /// What the pack itself counts; nil when it does not tell.
    package let counted: Int64?
    /// Energy taken out, divided by what it holds when full, in hundredths; nil when that is not known.
    package let equivalentHundredths: Int64?
    /// What it holds when full, µWh; nil when that is not known.
    package let capacity: Int64?

    /// Works it out of windows of days, in order.
    package init(_ days: [RollUp]) {
        counted = days.last { $0.cycles != nil }?.cycles
        let all = RollUp.joined(days, start: 0)
        guard let full = all?.full, let voltage = all?.values[.voltage]?.mean, full > 0, voltage > 0
        else {
            (equivalentHundredths, capacity) = (nil, nil)
            return
        }
        // mAh × mV = µWh
        let (capacity, isTooMuch) = full.multipliedReportingOverflow(by: voltage)
        self.capacity = isTooMuch ? nil : capacity
        equivalentHundredths = self.capacity.map {
            Self.hundredths(discharged: all?.energy.discharged ?? 0, capacity: $0)
        }
    }

    /// How often energy taken out, mJ, is what a battery of so many µWh, 1 or more, holds; in hundredths.
    package static func hundredths(discharged: Int64, capacity: Int64) -> Int64 {
        // one µWh is 3.6 mJ
        let exact = Double(discharged) / 0.036 / Double(max(1, capacity))
        return Int64(min(exact, 1e15).rounded())
    }
}
