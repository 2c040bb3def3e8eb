import Bank
import Quantities
import Telemetry
import Views

extension BankSample {
    /// What the fleet reads of a bank in a record.
    init(_ state: BankState, _ inverter: InverterSummary) {
        self.init()
        mode =
            switch state.mode {
            case .starting: "starting"
            case .running: "running"
            case .stopped: "stopped"
            }
        (packsConfigured, packsOnline) = (Int32(state.packsConfigured), Int32(state.packsOnline))
        millivolts = state.voltage?.units
        milliamperes = state.current?.units
        if let millivolts, let milliamperes {
            watts = Int32(clamping: Int64(millivolts) * Int64(milliamperes) / 1_000_000)
        }
        stateOfCharge = state.stateOfCharge?.units
        stateOfHealth = state.stateOfHealth?.units
        remaining = state.remainingCapacity.map { Int64($0.units) }
        full = state.fullCapacity.map { Int64($0.units) }
        temperatureMean = state.temperatureMean?.units
        temperatureMaximum = state.temperatureMaximum?.value.units
        temperatureMinimum = state.temperatureMinimum?.value.units
        cellMaximum = state.cellMaximum?.value.units
        cellMinimum = state.cellMinimum?.value.units
        chargeVoltage = state.chargeVoltage.value.units
        dischargeVoltage = state.dischargeVoltage.value.units
        let (charge, discharge) = (state.chargeCurrent, state.dischargeCurrent)
        (chargeCurrent, dischargeCurrent) = (charge.value.units, discharge.value.units)
        (chargeRule, dischargeRule) = (charge.reason.rule.code, discharge.reason.rule.code)
        (chargePack, chargeCell) = (Self.known(charge.reason.pack), Self.known(charge.reason.cell))
        dischargePack = Self.known(discharge.reason.pack)
        dischargeCell = Self.known(discharge.reason.cell)
        (warnings, protections) = (state.warnings.joined, state.protections.joined)
        faults = state.faults.joined
        (profile, keepAlive, bus) = (inverter.profile, inverter.keepAlive, inverter.busState)
        framesSent = Int64(clamping: inverter.framesSent)
        framesReceived = Int64(clamping: inverter.framesReceived)
    }

    /// 0 is the bank as a whole, or the pack.
    private static func known(_ number: UInt8) -> Int32? { number > 0 ? Int32(number) : nil }
}

extension PackSample {
    /// What the fleet reads of a pack in a record that is made `now`.
    init(_ slot: PackSlot, number: Int, status: PackStatus, now: Instant) {
        self.init(pack: Int32(clamping: number))
        let reading = slot.reading
        serial = slot.serialNumber.text
        self.status =
            switch status {
            case .waiting: "waiting"
            case .online: "online"
            case .silent: "silent"
            case .implausible: "implausible"
            }
        let stamp = reading.stamp(of: .voltage)
        if stamp != .never { ageMilliseconds = max(0, now.since(stamp).milliseconds) }
        (millivolts, milliamperes) = (reading[.voltage], reading[.current])
        (stateOfCharge, stateOfHealth) = (reading[.stateOfCharge], reading[.stateOfHealth])
        (remaining, full) = (reading[.remainingCapacity], reading[.fullCapacity])
        cycles = reading[.cycles]
        cells = (0..<Int(reading.cellCount)).map { place in
            reading.cell(place).map { Int16(clamping: $0.millivolts) }
        }
        probes = (0..<Int(reading.probeCount)).map { place in
            reading.probe(place).map { Int16(clamping: $0.decidegrees) }
        }
        mosfetTemperature = reading[.mosfetTemperature]
        ambientTemperature = reading[.ambientTemperature]
        balancing = Int64(reading.balancing)
        chargeSwitch = reading.isOn(.chargeMOSFETOn)
        dischargeSwitch = reading.isOn(.dischargeMOSFETOn)
        warnings = reading.warnings.union(slot.findings).joined
        protections = reading.protections.joined
        faults = reading.faults.joined
    }
}

extension PackReading {
    /// Whether a switch is on; nil when the pack does not tell.
    fileprivate func isOn(_ state: PackStates) -> Bool? {
        knownStates.contains(state) ? states.contains(state) : nil
    }
}

extension SerialNumber {
    /// As text without blanks at its end; nil when it is not known.
    fileprivate var text: String? {
        guard isKnown else { return nil }
        var bytes = (0..<Int(count)).map { self[$0] }
        while bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension AlarmSet {
    /// The codes of its alarms, joined by commas.
    fileprivate var joined: String {
        isEmpty
            ? ""
            : AlarmKind.allCases.filter { contains($0) }.map { "\($0.code)" }.joined(
                separator: ",")
    }
}
