import Bank
import Quantities

/// What is known of the inverter's side for a record.
package struct InverterSummary: Sendable {
    /// The id of the profile.
    package var profile: String
    /// `unseen`, `present` or `silent`.
    package var keepAlive: String
    /// `active`, `warning`, `passive`, `bus_off`, `down` or `removed`.
    package var busState: String
    /// Frames sent since the start.
    package var framesSent: UInt64
    /// Frames received since the start.
    package var framesReceived: UInt64

    /// Joins all parts.
    package init(
        profile: String, keepAlive: String, busState: String, framesSent: UInt64,
        framesReceived: UInt64
    ) {
        self.profile = profile
        self.keepAlive = keepAlive
        self.busState = busState
        self.framesSent = framesSent
        self.framesReceived = framesReceived
    }
}

/// Writes one record: bank, limits with their reasons, alarms, packs with cells, inverter, clocks.
///
/// Unknown values are `null`, never left out and never a plausible number; each pack's `status` and
/// ages say why. Units stand in the names: `_v`, `_a`, `_pct`, `_ah`, `_c`, `_mv`, `_ms`.
package enum TelemetryDocument {
    /// The schema's name inside the record.
    package static var schema: StaticString { "amphora/telemetry/v1" }

    /// Writes one record as one line of JSON without the line end.
    package static func write(
        _ stamp: RecordStamp, _ state: BankState, _ packs: PackTable, _ inverter: InverterSummary,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            stamp.write(schema: schema, to: &writer)
            writeBody(state, packs, inverter, now: stamp.monotonic, to: &writer)
        }
    }

    /// Writes the bank alone, for the retained topic `state/bank`.
    package static func writeBank(
        _ state: BankState, _ inverter: InverterSummary, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            write(bank: state, to: &writer)
            writer.name("limits")
            writer.object { writer in write(limits: state, to: &writer) }
            writer.name("alarms")
            writer.object { writer in writeAlarms(state, to: &writer) }
            writer.name("inverter")
            writer.object { writer in write(inverter, to: &writer) }
        }
    }

    /// Writes one pack alone, for the retained topic `state/pack/<nn>`.
    package static func writePack(
        _ position: Int, _ state: BankState, _ packs: PackTable, now: Instant,
        to writer: inout JSONWriter
    ) {
        PackWriter(
            slot: packs[position], number: position + 1, status: state.packStatus[position],
            now: now
        ).write(to: &writer)
    }

    private static func writeAlarms(_ state: BankState, to writer: inout JSONWriter) {
        write("warnings", state.warnings, to: &writer)
        write("protections", state.protections, to: &writer)
        write("faults", state.faults, to: &writer)
    }

    /// Writes the members that do not depend on the outbox; the status document shares them.
    package static func writeBody(
        _ state: BankState, _ packs: PackTable, _ inverter: InverterSummary, now: Instant,
        to writer: inout JSONWriter
    ) {
        writer.name("bank")
        writer.object { writer in write(bank: state, to: &writer) }
        writer.name("limits")
        writer.object { writer in write(limits: state, to: &writer) }
        writer.name("alarms")
        writer.object { writer in writeAlarms(state, to: &writer) }
        writer.name("inverter")
        writer.object { writer in write(inverter, to: &writer) }
        writer.name("packs")
        writer.array { writer in
            for position in 0..<packs.count {
                writePack(position, state, packs, now: now, to: &writer)
            }
        }
    }

    private static func write(bank state: BankState, to writer: inout JSONWriter) {
        writer.name("mode")
        switch state.mode {
        case .starting: writer.string("starting")
        case .running: writer.string("running")
        case .stopped: writer.string("stopped")
        }
        writer.name("packs_configured")
        writer.integer(state.packsConfigured)
        writer.name("packs_online")
        writer.integer(state.packsOnline)
        writer.optional("voltage_v", state.voltage?.units, decimals: 3)
        writer.optional("current_a", state.current?.units, decimals: 3)
        writer.name("power_w")
        if let voltage = state.voltage, let current = state.current {
            writer.decimal(Int64(voltage.units) * Int64(current.units) / 1_000_000, decimals: 0)
        } else {
            writer.null()
        }
        writer.optional("soc_pct", state.stateOfCharge?.units, decimals: 2)
        writer.optional("soh_pct", state.stateOfHealth?.units, decimals: 2)
        writer.optional("remaining_ah", state.remainingCapacity?.units, decimals: 3)
        writer.optional("full_ah", state.fullCapacity?.units, decimals: 3)
        writer.optional("cycles", state.cycles, decimals: 0)
        writer.optional("temperature_mean_c", state.temperatureMean?.units, decimals: 1)
        write("temperature_max_c", state.temperatureMaximum, decimals: 1, to: &writer)
        write("temperature_min_c", state.temperatureMinimum, decimals: 1, to: &writer)
        write("cell_max_mv", state.cellMaximum, decimals: 0, to: &writer)
        write("cell_min_mv", state.cellMinimum, decimals: 0, to: &writer)
    }

    private static func write(
        _ name: StaticString, _ extreme: Extreme<some FixedPoint>?, decimals: Int,
        to writer: inout JSONWriter
    ) {
        writer.name(name)
        guard let extreme else { return writer.null() }
        writer.object { writer in
            writer.name("value")
            writer.decimal(Int64(extreme.value.units), decimals: decimals)
            writer.name("pack")
            writer.integer(extreme.pack)
            writer.name("cell")
            writer.integer(extreme.cell)
        }
    }

    private static func write(limits state: BankState, to writer: inout JSONWriter) {
        write("charge_voltage_v", state.chargeVoltage, to: &writer)
        write("discharge_voltage_v", state.dischargeVoltage, to: &writer)
        write("charge_current_a", state.chargeCurrent, to: &writer)
        write("discharge_current_a", state.dischargeCurrent, to: &writer)
        writer.name("charge_enabled")
        writer.bool(state.chargeEnabled)
        writer.name("discharge_enabled")
        writer.bool(state.dischargeEnabled)
        writer.name("force_charge")
        writer.bool(state.forceCharge)
        writer.name("full_charge_request")
        writer.bool(state.fullChargeRequest)
    }

    /// A limit with its reason (rule 9).
    private static func write(
        _ name: StaticString, _ limit: Limit<some FixedPoint>, to writer: inout JSONWriter
    ) {
        writer.name(name)
        writer.object { writer in
            writer.name("value")
            writer.decimal(Int64(limit.value.units), decimals: 3)
            writer.name("rule")
            writer.string(limit.reason.rule.code)
            writer.name("pack")
            writer.integer(limit.reason.pack)
            writer.name("cell")
            writer.integer(limit.reason.cell)
        }
    }

    static func write(_ name: StaticString, _ alarms: AlarmSet, to writer: inout JSONWriter) {
        writer.name(name)
        writer.array { writer in
            guard !alarms.isEmpty else { return }
            for kind in AlarmKind.allCases where alarms.contains(kind) { writer.string(kind.code) }
        }
    }

    private static func write(_ inverter: InverterSummary, to writer: inout JSONWriter) {
        writer.name("profile")
        writer.string(inverter.profile)
        writer.name("keep_alive")
        writer.string(inverter.keepAlive)
        writer.name("bus")
        writer.string(inverter.busState)
        writer.name("frames_sent")
        writer.integer(inverter.framesSent)
        writer.name("frames_received")
        writer.integer(inverter.framesReceived)
    }
}

extension JSONWriter {
    /// Writes a member that may be unknown.
    mutating func optional(_ name: StaticString, _ value: Int32?, decimals: Int) {
        self.name(name)
        if let value { decimal(Int64(value), decimals: decimals) } else { null() }
    }
}
