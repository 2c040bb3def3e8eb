import Bank
import Quantities

extension BankValues {
    /// Takes what a state and the packs behind it know.
    package init(_ state: BankState, _ packs: PackTable) {
        self.init()
        take(state, packs)
    }

    /// Takes what a state and the packs behind it know, in place; the gateway's name stays.
    package mutating func take(_ state: BankState, _ packs: PackTable) {
        forgetNumbers()
        serial = SerialNumber()
        setMeasurements(state)
        setPlaces(state)
        setLimits(state)
        self[.packsConfigured] = Int32(state.packsConfigured)
        self[.packsOnline] = Int32(state.packsOnline)
        self[.packsOffline] = Int32(state.packsConfigured) - Int32(state.packsOnline)
        self[.packsChargeBlocked] = Int32(state.packsChargeBlocked)
        self[.packsDischargeBlocked] = Int32(state.packsDischargeBlocked)
        self[.stopped] = state.mode == .stopped ? 1 : 0
        warnings = state.warnings
        protections = state.protections
        faults = state.faults
        self[.alarmLevel] = Self.level(warnings, protections, faults)
        var sums = PackSums()
        for position in 0..<packs.count {
            let slot = packs[position]
            let isOnline = state.packStatus[position] == .online
            if !serial.isKnown { serial = slot.serialNumber }
            setPackSerial(position, to: slot.serialNumber)
            setPack(position, slot.reading, isOnline: isOnline)
            let limits = state.packLimits[position]
            self[.packChargeCurrentLimit, pack: position] = limits.charge.units
            self[.packDischargeCurrentLimit, pack: position] = limits.discharge.units
            let reading = slot.reading
            setAlarms(
                pack: position, warnings: reading.warnings.union(slot.findings),
                protections: reading.protections, faults: reading.faults)
            self[.packAlarmLevel, pack: position] = Self.level(
                reading.warnings.union(slot.findings), reading.protections, reading.faults)
            if isOnline { sums.add(reading, position) }
        }
        sums.write(into: &self)
    }

    private mutating func setMeasurements(_ state: BankState) {
        self[.voltage] = state.voltage?.units
        self[.current] = state.current?.units
        self[.temperatureMean] = state.temperatureMean?.units
        self[.temperatureMaximum] = state.temperatureMaximum?.value.units
        self[.temperatureMinimum] = state.temperatureMinimum?.value.units
        self[.stateOfCharge] = state.stateOfCharge?.units
        self[.stateOfHealth] = state.stateOfHealth?.units
        self[.remainingCapacity] = state.remainingCapacity?.units
        self[.fullCapacity] = state.fullCapacity?.units
        self[.cycles] = state.cycles
        self[.direction] = state.current.map { Self.direction($0.units) }
        if let voltage = state.voltage, let current = state.current {
            let microwatts = Int64(voltage.units) * Int64(current.units)
            self[.power] = Int32(saturating: microwatts.dividedRounding(by: 1_000_000))
        }
    }

    private mutating func setPlaces(_ state: BankState) {
        self[.cellMaximum] = state.cellMaximum?.value.units
        self[.cellMaximumPack] = state.cellMaximum.map { Int32($0.pack) }
        self[.cellMaximumCell] = state.cellMaximum.map { Int32($0.cell) }
        self[.cellMaximumNumber] = state.cellMaximum.flatMap { Self.number($0.pack, $0.cell) }
        self[.cellMinimum] = state.cellMinimum?.value.units
        self[.cellMinimumPack] = state.cellMinimum.map { Int32($0.pack) }
        self[.cellMinimumCell] = state.cellMinimum.map { Int32($0.cell) }
        self[.cellMinimumNumber] = state.cellMinimum.flatMap { Self.number($0.pack, $0.cell) }
        if let high = state.cellMaximum, let low = state.cellMinimum {
            self[.cellSpread] = high.value.units - low.value.units
        }
        let (hot, cold) = (state.temperatureMaximum, state.temperatureMinimum)
        self[.temperatureMaximumPack] = hot.map { Int32($0.pack) }
        self[.temperatureMaximumProbe] = hot.map { Int32($0.cell) }
        self[.temperatureMaximumNumber] = hot.flatMap { Self.number($0.pack, $0.cell) }
        self[.temperatureMinimumPack] = cold.map { Int32($0.pack) }
        self[.temperatureMinimumProbe] = cold.map { Int32($0.cell) }
        self[.temperatureMinimumNumber] = cold.flatMap { Self.number($0.pack, $0.cell) }
    }

    /// A voltage limit of zero means that no pack ever told one.
    private mutating func setLimits(_ state: BankState) {
        if state.chargeVoltage.value > .zero {
            self[.chargeVoltageLimit] = state.chargeVoltage.value.units
            self[.dischargeVoltageLimit] = state.dischargeVoltage.value.units
        }
        self[.chargeCurrentLimit] = state.chargeCurrent.value.units
        self[.dischargeCurrentLimit] = state.dischargeCurrent.value.units
        self[.chargeEnabled] = state.chargeEnabled ? 1 : 0
        self[.dischargeEnabled] = state.dischargeEnabled ? 1 : 0
        self[.forceCharge] = state.forceCharge ? 1 : 0
        self[.fullChargeRequest] = state.fullChargeRequest ? 1 : 0
        self[.cellCeiling] = state.cellCeiling?.units
        self[.cellFloor] = state.cellFloor?.units
    }

    private mutating func setPack(_ position: Int, _ reading: PackReading, isOnline: Bool) {
        func put(_ value: BankValue, _ number: Int32?) { self[value, pack: position] = number }
        put(.packNumber, Int32(position + 1))
        put(.packOnline, isOnline ? 1 : 0)
        put(.packVoltage, reading.voltage?.units)
        put(.packCurrent, reading.current?.units)
        put(.packDirection, reading.current.map { Self.direction($0.units) })
        put(.packStateOfCharge, reading.stateOfCharge?.units)
        put(.packStateOfHealth, reading.stateOfHealth?.units)
        put(.packRemainingCapacity, reading.remainingCapacity?.units)
        put(.packFullCapacity, reading.fullCapacity?.units)
        put(.packCycles, reading[.cycles])
        let cells = reading.cellExtremes(pack: UInt8(position + 1))
        put(.packCellMaximum, cells.maximum?.value.units)
        put(.packCellMinimum, cells.minimum?.value.units)
        put(.packCellMaximumCell, cells.maximum.flatMap { $0.cell == 0 ? nil : Int32($0.cell) })
        put(.packCellMinimumCell, cells.minimum.flatMap { $0.cell == 0 ? nil : Int32($0.cell) })
        let probes = reading.temperatureExtremes(pack: UInt8(position + 1))
        put(.packTemperatureMaximum, probes.maximum?.value.units)
        put(.packTemperatureMinimum, probes.minimum?.value.units)
        put(.packMOSFETTemperature, reading[.mosfetTemperature])
        put(.packChargeSwitch, Self.state(.chargeMOSFETOn, reading))
        put(.packDischargeSwitch, Self.state(.dischargeMOSFETOn, reading))
        put(.packHeater, Self.state(.heaterOn, reading))
        put(.packBalancingLow, Int32(reading.balancing & 0xFF))
        put(.packBalancingHigh, Int32(reading.balancing >> 8 & 0xFF))
        for index in 0..<16 {
            guard let cell = BankValue(rawValue: BankValue.packCell1.rawValue + UInt8(index)) else {
                continue
            }
            put(cell, reading.cell(index)?.units)
        }
    }

    /// A state the map cannot report is unknown.
    private static func state(_ state: PackStates, _ reading: PackReading) -> Int32? {
        guard reading.knownStates.contains(state) else { return nil }
        return reading.states.contains(state) ? 1 : 0
    }

    /// 0 idle, 1 charging, 2 discharging; a bank at rest still shows some hundred milliamperes.
    private static func direction(_ milliamperes: Int32) -> Int32 {
        milliamperes > 500 ? 1 : milliamperes < -500 ? 2 : 0
    }

    private static func level(
        _ warnings: AlarmSet, _ protections: AlarmSet, _ faults: AlarmSet
    ) -> Int32 {
        !faults.isEmpty ? 3 : !protections.isEmpty ? 2 : !warnings.isEmpty ? 1 : 0
    }

    /// Counted through all packs as if each had sixteen; nil when the pack told no cell.
    private static func number(_ pack: UInt8, _ cell: UInt8) -> Int32? {
        pack == 0 || cell == 0 ? nil : 16 * (Int32(pack) - 1) + Int32(cell)
    }
}

/// What is summed over the online packs and not part of the bank's state.
private struct PackSums {
    private var count: Int32 = 0
    private var mask: Int32 = 0
    private var healthy: Int32 = 0
    private var cells: Int32 = 0
    private var cellsPerPack: Int32 = 0
    private var cellSum: Int64 = 0
    private var packsWithCells: Int32 = 0
    private var means: Int64 = 0
    private var highest: Int32?
    private var lowest: Int32?
    private var design: Int64 = 0
    private var designs: Int32 = 0
    private var mosfet: Int32?
    private var isBalancing = false

    mutating func add(_ reading: PackReading, _ position: Int) {
        count += 1
        mask |= 1 << Int32(position)
        if reading.protections.isEmpty, reading.faults.isEmpty { healthy += 1 }
        addCells(reading)
        if let value = reading.voltage?.units {
            highest = max(highest ?? value, value)
            lowest = min(lowest ?? value, value)
        }
        if let value = reading[.designCapacity] {
            design += Int64(value)
            designs += 1
        }
        if let value = reading[.mosfetTemperature] { mosfet = max(mosfet ?? value, value) }
        if reading.balancing != 0 { isBalancing = true }
    }

    /// The mean of the cells themselves, or the pack's own mean where its cells are not read.
    private mutating func addCells(_ reading: PackReading) {
        var own: Int64 = 0
        var known: Int64 = 0
        for index in 0..<Int(reading.cellCount) {
            if let cell = reading.cell(index) {
                own += Int64(cell.units)
                known += 1
            }
        }
        if known > 0 {
            cells += Int32(known)
            cellsPerPack = max(cellsPerPack, Int32(known))
            packsWithCells += 1
            cellSum += own
            means += known
        } else if let mean = reading[.cellVoltageMean] {
            cellSum += Int64(mean) * 16
            means += 16
        }
    }

    func write(into values: inout BankValues) {
        values[.onlineMask] = mask
        values[.packsHealthy] = healthy
        values[.balancing] = isBalancing ? 1 : 0
        if packsWithCells > 0 { values[.cellsPerPack] = cellsPerPack }
        if packsWithCells == count, count > 0 { values[.cellsTotal] = cells }
        if means > 0 { values[.cellMean] = Int32(saturating: cellSum.dividedRounding(by: means)) }
        values[.packVoltageMaximum] = highest
        values[.packVoltageMinimum] = lowest
        if designs == count, count > 0 { values[.designCapacity] = Int32(saturating: design) }
        values[.mosfetTemperatureMaximum] = mosfet
    }
}
