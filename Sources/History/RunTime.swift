/// How long until the battery is full or empty, as a range in minutes.
///
/// There is none when the battery is idle or its current changes too much to tell: a wrong promise is
/// worse than none.
package struct RunTime: Hashable, Sendable {
    /// Where it is going.
    package enum Goal: String, Hashable, Sendable {
        case full, empty
    }

    /// Where it is going, and in how many minutes at the least and at the most.
    package let goal: Goal, shortest: Int64, longest: Int64

    /// Means that are needed, of the last quarter of an hour.
    private static let leastMeans = 5
    /// Two days; who is slower than that is idle.
    private static let most: Int64 = 2880

    /// Works it out; nil when there is nothing to tell.
    ///
    /// `remaining` and `full` are the charge now and when full in mAh, `currents` the means of the last
    /// minutes in mA, positive when charging. The range spans the middle half of them, rounded outwards.
    package init?(remaining: Int64, full: Int64, currents: [Int64]) {
        // more than any house has, and nothing below overflows
        guard full > 0, full < 1 << 40, (0...full).contains(remaining),
            currents.count >= Self.leastMeans
        else { return nil }
        let sorted = currents.map { min(max($0, -(1 << 40)), 1 << 40) }.sorted()
        let (low, high) = (sorted[sorted.count / 4], sorted[sorted.count - 1 - sorted.count / 4])
        // both ends must go the same way, and not as slowly as one that is idle
        let isCharging = low > 0
        guard (low > 0) == (high > 0), low != 0, high != 0 else { return nil }
        let slow = min(low.magnitude, high.magnitude)
        let fast = max(low.magnitude, high.magnitude)
        guard slow >= UInt64(full / ChargeFlow.idleHours), slow > 0 else { return nil }
        let charge = UInt64(isCharging ? full - remaining : remaining)
        let exact = (Int64(charge * 60 / fast), Int64((charge * 60 + slow - 1) / slow))
        guard exact.1 > 0, exact.0 <= Self.most else { return nil }
        let step: Int64 = exact.1 <= 120 ? 5 : exact.1 <= 480 ? 15 : 30
        goal = isCharging ? .full : .empty
        shortest = exact.0 / step * step
        longest = min((exact.1 + step - 1) / step * step, Self.most)
    }
}

/// Which way charge goes.
package enum ChargeFlow: String, Hashable, Sendable {
    case charging, discharging, idle

    /// A current that takes more hours than these from empty to full is none that people look at.
    static let idleHours: Int64 = 50

    /// By a current in mA, positive when charging, and the charge when full in mAh; without that, any
    /// current counts.
    package init(current: Int64, full: Int64?) {
        let least = full.map { max(1, $0 / Self.idleHours) } ?? 1
        self =
            current.magnitude < least.magnitude ? .idle : current > 0 ? .charging : .discharging
    }
}
