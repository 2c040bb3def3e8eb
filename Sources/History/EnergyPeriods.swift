/// The energy of a period.
package struct EnergyPeriod: Hashable, Sendable {
    /// Unix times in milliseconds of its beginning and its end.
    package var from: Int64, to: Int64
    /// What flowed, as far as it is known.
    package var energy = Energy()
    /// Of how much of the period it is known, ms; the rest is gaps.
    package var covered: Int64 = 0
}

/// Divides energy among periods that follow each other, such as the days of a month.
///
/// What flows between two samples on both sides of a boundary is divided there. A window belongs to the
/// period in which it begins, so no boundary may lie within one.
package struct EnergyPeriods: Sendable {
    /// The periods, in order.
    package private(set) var periods: [EnergyPeriod]
    private var previous: PowerMoment?

    /// Periods between boundaries, Unix times in milliseconds in ascending order.
    package init(boundaries: [Int64]) {
        periods = zip(boundaries, boundaries.dropFirst()).map { EnergyPeriod(from: $0, to: $1) }
    }

    /// Takes in the next window; one before the first period only tells how power was when that began.
    package mutating func add(_ window: RollUp) {
        if let previous, let next = window.firstPower { divide(previous, next) }
        credit(window.energy, window.covered, at: window.start)
        previous = window.lastPower ?? previous
    }

    private mutating func divide(_ one: PowerMoment, _ other: PowerMoment) {
        guard Energy.between(one, other) != nil else { return }
        var start = one
        while let next = boundary(after: start.time), next < other.time {
            let step = other.time - one.time
            let power =
                one.milliwatts + (other.milliwatts - one.milliwatts) * (next - one.time) / step
            guard let middle = PowerMoment(time: next, milliwatts: power) else { return }
            credit(start, middle)
            start = middle
        }
        credit(start, other)
    }

    private mutating func credit(_ one: PowerMoment, _ other: PowerMoment) {
        guard let energy = Energy.between(one, other) else { return }
        credit(energy, other.time - one.time, at: one.time)
    }

    private mutating func credit(_ energy: Energy, _ covered: Int64, at time: Int64) {
        let place = firstPeriod { $0.to > time }
        guard place < periods.count, periods[place].from <= time else { return }
        periods[place].energy = periods[place].energy + energy
        periods[place].covered = periods[place].covered.addingSaturated(covered)
    }

    private func boundary(after time: Int64) -> Int64? {
        if let first = periods.first, time < first.from { return first.from }
        let place = firstPeriod { $0.to > time }
        return place < periods.count ? periods[place].to : nil
    }

    private func firstPeriod(where isThere: (EnergyPeriod) -> Bool) -> Int {
        var (low, high) = (0, periods.count)
        while low < high {
            let middle = (low + high) / 2
            if isThere(periods[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
