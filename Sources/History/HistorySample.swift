/// What one record says of the bank or of one pack, as far as history keeps it.
///
/// Unknown is nil. Positive current charges.
package struct HistorySample: Hashable, Sendable {
    /// Which record it was.
    package var moment: RecordMoment
    /// Whether the pack answered; a bank always does.
    package var isOnline = true
    /// Power, mW.
    package var milliwatts: Int64?
    /// Voltage in mV, current in mA.
    package var millivolts: Int64?, milliamperes: Int64?
    /// State of charge and of health, 0.01 %.
    package var charge: Int64?, health: Int64?
    /// Mean cell temperature, 0.1 °C.
    package var temperature: Int64?
    /// Highest less lowest cell, and the largest distance of a cell from the mean, mV.
    package var spread: Int64?, deviation: Int64?
    /// Charge cycles, and charge when full in mAh.
    package var cycles: Int64?, full: Int64?

    /// A sample of which only the record is known.
    package init(moment: RecordMoment) { self.moment = moment }

    /// Takes power from voltage and current where nothing measured it.
    package mutating func derivePower() {
        guard milliwatts == nil, let millivolts, let milliamperes else { return }
        let (power, isTooMuch) = millivolts.multipliedReportingOverflow(by: milliamperes)
        milliwatts = isTooMuch ? nil : power / 1000
    }

    /// Takes spread and deviation from the cells of a pack, mV; those not read are nil.
    package mutating func deriveSpread(cells: [Int16?]) {
        var values = ShortStatistics()
        for cell in cells { values.add(cell) }
        deriveSpread(cells: values)
    }

    /// The same from cells that were counted already.
    package mutating func deriveSpread(cells: ShortStatistics) {
        guard cells.count > 1 else { return }
        spread = cells.high - cells.low
        let mean = (cells.sum + cells.count / 2) / cells.count
        deviation = max(cells.high - mean, mean - cells.low)
    }

    /// The value of a quantity; nil while it is not known.
    package func value(_ quantity: Quantity) -> Int64? {
        switch quantity {
        case .power: milliwatts.flatMap { PowerMoment.plausible.contains($0) ? $0 : nil }
        case .voltage: millivolts
        case .current: milliamperes
        case .charge: charge
        case .temperature: temperature
        case .spread: spread
        case .deviation: deviation
        }
    }
}

/// The lowest, the highest, the sum and the count of the cells or the probes of one pack.
package struct ShortStatistics: Hashable, Sendable {
    /// Those of no value.
    package private(set) var low = Int64.max, high = Int64.min, sum: Int64 = 0, count: Int64 = 0

    /// Nothing yet.
    package init() {}

    /// Takes in a value; nil is one that was not read.
    package mutating func add(_ value: Int16?) {
        guard let value else { return }
        low = min(low, Int64(value))
        high = max(high, Int64(value))
        sum = sum.addingSaturated(Int64(value))
        count = count.addingSaturated(1)
    }
}

/// A record, by its time and its number.
package struct RecordMoment: Hashable, Sendable {
    /// Unix time in milliseconds.
    package var time: Int64
    /// The gateway's outbox and the number in it.
    package var epoch: Int64, sequence: Int64

    /// Joins the parts.
    package init(time: Int64, epoch: Int64, sequence: Int64) {
        self.time = time
        self.epoch = epoch
        self.sequence = sequence
    }
}
