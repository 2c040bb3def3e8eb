/// What is kept of all samples of a bank or a pack within a window.
///
/// 1. It depends on the samples of its own window alone.
/// 2. Windows joined in the order of time are the same as one made of all their samples: the energy
///    between the last sample of one and the first of the next is added when they are joined.
/// 3. A gap adds no energy and no time to `covered`.
package struct RollUp: Hashable, Sendable {
    /// Unix time in milliseconds at which the window begins.
    package var start: Int64
    /// Samples with values, and those in which the pack did not answer.
    package var samples: Int64 = 0, silent: Int64 = 0
    /// The records of the first and the last sample with values; nil when there was none.
    package var first: RecordMoment?, last: RecordMoment?
    /// The first and the last power that is known.
    package var firstPower: PowerMoment?, lastPower: PowerMoment?
    /// What flowed between the samples.
    package var energy = Energy()
    /// How much time the samples tell of, ms: the steps between those with a known power.
    package var covered: Int64 = 0
    /// The quantities.
    package var values = QuantityTable()
    /// The last of what changes slowly: health 0.01 %, cycles, charge when full mAh.
    package var health: Int64?, cycles: Int64?, full: Int64?

    /// An empty window.
    package init(start: Int64) { self.start = start }

    /// A window of one sample.
    package init(start: Int64, sample: HistorySample) {
        self.init(start: start)
        add(sample)
    }

    /// Takes in a sample that was made after all others; as joining a window of it, without making one.
    package mutating func add(_ sample: HistorySample) {
        guard sample.isOnline else {
            silent = silent.addingSaturated(1)
            return
        }
        samples = samples.addingSaturated(1)
        first = first ?? sample.moment
        last = sample.moment
        if let milliwatts = sample.milliwatts,
            let power = PowerMoment(time: sample.moment.time, milliwatts: milliwatts)
        {
            step(to: power)
            firstPower = firstPower ?? power
            lastPower = power
        }
        for quantity in Quantity.allCases {
            if let value = sample.value(quantity) { values.add(value, to: quantity) }
        }
        health = sample.health ?? health
        cycles = sample.cycles ?? cycles
        full = sample.full ?? full
    }

    /// Counts what flowed between the last power and one that follows.
    private mutating func step(to next: PowerMoment) {
        guard let lastPower, let energy = Energy.between(lastPower, next) else { return }
        self.energy = self.energy + energy
        covered = covered.addingSaturated(next.time - lastPower.time)
    }

    /// Takes in a window that lies after all samples of this one.
    package mutating func join(_ later: RollUp) {
        if let next = later.firstPower { step(to: next) }
        combine(later)
        energy = energy + later.energy
        covered = covered.addingSaturated(later.covered)
        firstPower = firstPower ?? later.firstPower
        lastPower = later.lastPower ?? lastPower
        first = first ?? later.first
        last = later.last ?? last
    }

    /// Takes in late samples of the same window, whose other samples are not at hand any more.
    ///
    /// Exact when they lie before or after all others. When they lie between them, the energy of the
    /// side that tells of more time stays, for the steps of the other overlap with it.
    package mutating func mend(_ late: RollUp) {
        guard let first, let last, let lateFirst = late.first, let lateLast = late.last,
            lateFirst.time < last.time
        else { return join(late) }
        if lateLast.time <= first.time {
            var joined = late
            joined.start = start
            joined.join(self)
            self = joined
            return
        }
        let fuller = late.covered > covered ? late : self
        let isLatest = lateLast.time >= last.time
        var mended = isLatest ? self : late
        mended.combine(isLatest ? late : self)
        mended.start = start
        mended.energy = fuller.energy
        mended.covered = fuller.covered
        mended.first = lateFirst.time < first.time ? lateFirst : first
        mended.last = isLatest ? lateLast : last
        let powers = [firstPower, lastPower, late.firstPower, late.lastPower].compactMap { $0 }
        mended.firstPower = powers.min { $0.time < $1.time }
        mended.lastPower = powers.max { $0.time < $1.time }
        self = mended
    }

    /// Counts, quantities and what changes slowly.
    private mutating func combine(_ later: RollUp) {
        samples = samples.addingSaturated(later.samples)
        silent = silent.addingSaturated(later.silent)
        values.join(later.values)
        health = later.health ?? health
        cycles = later.cycles ?? cycles
        full = later.full ?? full
    }
}
