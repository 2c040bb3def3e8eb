import History

/// A window as a row of its tier.
struct WindowRow: RowReadable {
    let gateway: Int32
    let pack: Int32
    var window: RollUp

    init(gateway: Int32, pack: Int32, window: RollUp) {
        self.gateway = gateway
        self.pack = pack
        self.window = window
    }

    func write(to row: inout some RowSink) {
        row.put(gateway)
        row.put(pack)
        row.put(window.start as Int64?)
        row.put(Int32(clamping: window.samples) as Int32?)
        row.put(Int32(clamping: window.silent) as Int32?)
        for moment in [window.first, window.last] {
            row.put(moment?.time)
            row.put(moment?.epoch)
            row.put(moment?.sequence)
        }
        for power in [window.firstPower, window.lastPower] {
            row.put(power?.time)
            row.put(power?.milliwatts)
        }
        row.put(window.energy.charged as Int64?)
        row.put(window.energy.discharged as Int64?)
        row.put(window.covered as Int64?)
        row.put(window.full)
        row.put(window.health.map { Int32(clamping: $0) })
        row.put(window.cycles.map { Int32(clamping: $0) })
        for quantity in Quantity.allCases { write(window.values[quantity], quantity, to: &row) }
    }

    private func write(
        _ values: QuantityStatistics?, _ quantity: Quantity, to row: inout some RowSink
    ) {
        row.put(values?.sum)
        for value in [values?.minimum, values?.maximum, values?.last] {
            if quantity == .power {
                row.put(value)
            } else {
                row.put(value.map { Int32(clamping: $0) })
            }
        }
        row.put(values.map { Int32(clamping: $0.count) })
    }

    init(from row: inout some RowSource) {
        gateway = row.number()
        pack = row.number()
        window = RollUp(start: row.wide())
        window.samples = row.wide()
        window.silent = row.wide()
        window.first = RecordMoment(optionalFrom: &row)
        window.last = RecordMoment(optionalFrom: &row)
        window.readEnergy(from: &row)
        window.full = row.int64()
        window.health = row.int64()
        window.cycles = row.int64()
        for quantity in Quantity.allCases {
            window.values[quantity] = QuantityStatistics(optionalFrom: &row)
        }
    }
}

extension RollUp {
    /// The columns from `first_power_ms` to `covered_ms`.
    mutating func readEnergy(from row: inout some RowSource) {
        firstPower = PowerMoment(optionalFrom: &row)
        lastPower = PowerMoment(optionalFrom: &row)
        energy = Energy(charged: row.wide(), discharged: row.wide())
        covered = row.wide()
    }
}

extension RecordMoment {
    init?(optionalFrom row: inout some RowSource) {
        guard let time = row.int64() else {
            _ = row.int64()
            _ = row.int64()
            return nil
        }
        self.init(time: time, epoch: row.wide(), sequence: row.wide())
    }
}

extension PowerMoment {
    init?(optionalFrom row: inout some RowSource) {
        guard let time = row.int64() else {
            _ = row.int64()
            return nil
        }
        self.init(time: time, milliwatts: row.wide())
    }
}

extension QuantityStatistics {
    /// The columns of a quantity: sum, min, max, last, count.
    init?(optionalFrom row: inout some RowSource) {
        guard let sum = row.int64() else {
            for _ in 1...4 { _ = row.int64() }
            return nil
        }
        self.init(
            minimum: row.wide(), maximum: row.wide(), sum: sum, count: 0, last: row.wide())
        count = row.wide()
    }
}
