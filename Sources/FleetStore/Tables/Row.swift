/// Takes the values of a row, column by column.
protocol RowSink {
    mutating func put(_ value: Int32?)
    mutating func put(_ value: Int64?)
    /// A number of a few values, in a column of two bytes.
    mutating func put(small value: Int32)
    mutating func put(_ value: Bool?)
    mutating func put(_ value: String?)
    /// Cells or probes; −32768 is no voltage and no temperature and is stored as unknown.
    mutating func put(_ values: [Int16?])
}

/// Gives the values of a row, column by column; what is NULL or no value of the type is nil.
protocol RowSource {
    mutating func int32() -> Int32?
    mutating func int64() -> Int64?
    mutating func bool() -> Bool?
    mutating func text() -> String?
    /// Hands over the numbers of an array one by one; none when it is NULL.
    mutating func eachShort(_ body: (Int16?) -> Void)
}

extension RowSource {
    mutating func number() -> Int32 { int32() ?? 0 }
    mutating func wide() -> Int64 { int64() ?? 0 }
    mutating func word() -> String { text() ?? "" }
    mutating func shorts() -> [Int16?] {
        var numbers: [Int16?] = []
        numbers.reserveCapacity(16)
        eachShort { numbers.append($0) }
        return numbers
    }
}

/// What a row can be read as.
protocol RowReadable {
    init(from row: inout some RowSource)
}

/// A sample that is a row of its own table.
protocol RowSample: RowReadable, Hashable, Sendable {
    func write(to row: inout some RowSink)
}

extension BankSample: RowSample {
    func write(to row: inout some RowSink) {
        row.put(mode)
        row.put(packsConfigured)
        row.put(packsOnline)
        row.put(millivolts)
        row.put(milliamperes)
        row.put(watts)
        row.put(stateOfCharge)
        row.put(stateOfHealth)
        row.put(remaining)
        row.put(full)
        row.put(temperatureMean)
        row.put(temperatureMaximum)
        row.put(temperatureMinimum)
        row.put(cellMaximum)
        row.put(cellMinimum)
        row.put(chargeVoltage)
        row.put(dischargeVoltage)
        row.put(chargeCurrent)
        row.put(dischargeCurrent)
        for text in [chargeRule, dischargeRule, warnings, protections, faults] { row.put(text) }
        for text in [profile, keepAlive, bus] { row.put(text) }
        row.put(framesSent)
        row.put(framesReceived)
        for number in [chargePack, chargeCell, dischargePack, dischargeCell] { row.put(number) }
    }

    init(from row: inout some RowSource) {
        self.init()
        mode = row.word()
        packsConfigured = row.number()
        packsOnline = row.number()
        millivolts = row.int32()
        milliamperes = row.int32()
        watts = row.int32()
        stateOfCharge = row.int32()
        stateOfHealth = row.int32()
        remaining = row.int64()
        full = row.int64()
        temperatureMean = row.int32()
        temperatureMaximum = row.int32()
        temperatureMinimum = row.int32()
        cellMaximum = row.int32()
        cellMinimum = row.int32()
        chargeVoltage = row.int32()
        dischargeVoltage = row.int32()
        chargeCurrent = row.int32()
        dischargeCurrent = row.int32()
        chargeRule = row.word()
        dischargeRule = row.word()
        warnings = row.word()
        protections = row.word()
        faults = row.word()
        profile = row.word()
        keepAlive = row.word()
        bus = row.word()
        framesSent = row.int64()
        framesReceived = row.int64()
        chargePack = row.int32()
        chargeCell = row.int32()
        dischargePack = row.int32()
        dischargeCell = row.int32()
    }
}

extension PackSample: RowSample {
    func write(to row: inout some RowSink) {
        row.put(pack)
        row.put(serial)
        row.put(status)
        row.put(ageMilliseconds)
        row.put(millivolts)
        row.put(milliamperes)
        row.put(stateOfCharge)
        row.put(stateOfHealth)
        row.put(remaining)
        row.put(full)
        row.put(cycles)
        row.put(cells)
        row.put(probes)
        row.put(mosfetTemperature)
        row.put(ambientTemperature)
        row.put(balancing)
        row.put(chargeSwitch)
        row.put(dischargeSwitch)
        row.put(warnings)
        row.put(protections)
        row.put(faults)
    }

    init(from row: inout some RowSource) {
        self.init(pack: row.number())
        serial = row.text()
        status = row.word()
        ageMilliseconds = row.int64()
        millivolts = row.int32()
        milliamperes = row.int32()
        stateOfCharge = row.int32()
        stateOfHealth = row.int32()
        remaining = row.int32()
        full = row.int32()
        cycles = row.int32()
        cells = row.shorts()
        probes = row.shorts()
        mosfetTemperature = row.int32()
        ambientTemperature = row.int32()
        balancing = row.int64() ?? 0
        chargeSwitch = row.bool()
        dischargeSwitch = row.bool()
        warnings = row.word()
        protections = row.word()
        faults = row.word()
    }
}

extension EventSample: RowSample {
    func write(to row: inout some RowSink) {
        row.put(change)
        row.put(level)
        row.put(code)
        row.put(pack)
        row.put(text)
        row.put(detail)
    }

    init(from row: inout some RowSource) {
        self.init(
            change: row.word(), level: row.word(), code: row.word(), pack: row.number(),
            text: row.word(), detail: row.text())
    }
}
