/// Power at a moment.
package struct PowerMoment: Hashable, Sendable {
    /// Unix time in milliseconds.
    package var time: Int64
    /// Milliwatts; positive charges.
    package var milliwatts: Int64

    /// Power beyond ± 10 MW is no house and counts as unknown.
    package static let plausible: ClosedRange<Int64> = -10_000_000_000...10_000_000_000

    /// Nil when the power is not plausible.
    package init?(time: Int64, milliwatts: Int64) {
        guard Self.plausible.contains(milliwatts) else { return nil }
        self.time = time
        self.milliwatts = milliwatts
    }
}

/// Energy into the battery and out of it, mJ; both are 0 or more.
package struct Energy: Hashable, Sendable {
    package var charged: Int64 = 0, discharged: Int64 = 0

    /// None.
    package init() {}

    /// Joins the parts, mJ.
    package init(charged: Int64, discharged: Int64) {
        self.charged = charged
        self.discharged = discharged
    }

    /// The longest time between two samples that counts as known, ms.
    ///
    /// A gateway records every ten seconds unless told otherwise; five minutes without a record are a
    /// gap, which adds no energy.
    package static let longestStep: Int64 = 300_000

    /// What flowed between two samples, power taken as a straight line between them.
    ///
    /// Nil for a gap. Depends on the two alone, so sums are the same however they are grouped.
    package static func between(_ one: PowerMoment, _ other: PowerMoment) -> Energy? {
        let (step, isHuge) = other.time.subtractingReportingOverflow(one.time)
        guard !isHuge, (0...longestStep).contains(step) else { return nil }
        let (from, to) = (one.milliwatts, other.milliwatts)
        guard (from < 0) != (to < 0), from != 0, to != 0 else {
            let energy = (from + to) * step / 2000
            return energy < 0
                ? Energy(charged: 0, discharged: -energy) : Energy(charged: energy, discharged: 0)
        }
        // the line crosses zero; each side is a triangle, as high as its power and as long as its share
        let (before, after) = (UInt128(from.magnitude), UInt128(to.magnitude))
        let share = UInt128(UInt64(step)), both = 2000 * (before + after)
        let first = Int64(before * before * share / both)
        let second = Int64(after * after * share / both)
        return from > 0
            ? Energy(charged: first, discharged: second)
            : Energy(charged: second, discharged: first)
    }

    /// The two, and no more than can be counted.
    package static func + (one: Self, other: Self) -> Self {
        Energy(
            charged: one.charged.addingSaturated(other.charged),
            discharged: one.discharged.addingSaturated(other.discharged))
    }
}

extension Int64 {
    /// The sum, or the nearest number there is.
    package func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isTooMuch) = addingReportingOverflow(other)
        return isTooMuch ? (other < 0 ? .min : .max) : sum
    }
}
