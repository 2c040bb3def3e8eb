import Quantities

/// The highest and the lowest of a pack's values.
package struct Extremes<Quantity: FixedPoint> {
    /// The highest and where it is.
    package var maximum: Extreme<Quantity>?
    /// The lowest and where it is.
    package var minimum: Extreme<Quantity>?

    /// Nothing seen.
    package init() {}

    /// Takes one more value into account.
    package mutating func add(_ value: Quantity, pack: UInt8, cell: UInt8) {
        let place = Extreme(value, pack: pack, cell: cell)
        if maximum.map({ $0.value < value }) ?? true { maximum = place }
        if minimum.map({ value < $0.value }) ?? true { minimum = place }
    }

    /// Takes another pack's extremes into account.
    package mutating func add(_ other: Extremes) {
        if let high = other.maximum { add(high.value, pack: high.pack, cell: high.cell) }
        if let low = other.minimum { add(low.value, pack: low.pack, cell: low.cell) }
    }
}

extension PackReading {
    /// The extreme cells; from the pack's own extremes where its cells are not read.
    package func cellExtremes(pack: UInt8) -> Extremes<Voltage> {
        var extremes = Extremes<Voltage>()
        for index in 0..<Int(cellCount) {
            if let value = cell(index) { extremes.add(value, pack: pack, cell: UInt8(index + 1)) }
        }
        guard extremes.maximum == nil else { return extremes }
        for signal in [PackSignal.cellVoltageMaximum, .cellVoltageMinimum] {
            if let value = self[signal] { extremes.add(.millivolts(value), pack: pack, cell: 0) }
        }
        return extremes
    }

    /// The extreme cell temperatures; from the pack's own extremes where its probes are not read.
    package func temperatureExtremes(pack: UInt8) -> Extremes<Temperature> {
        var extremes = Extremes<Temperature>()
        for index in 0..<Int(probeCount) {
            if let value = probe(index) { extremes.add(value, pack: pack, cell: UInt8(index + 1)) }
        }
        guard extremes.maximum == nil else { return extremes }
        for signal in [PackSignal.cellTemperatureMaximum, .cellTemperatureMinimum] {
            if let value = self[signal] { extremes.add(.decidegrees(value), pack: pack, cell: 0) }
        }
        return extremes
    }
}
