import Bank
import Quantities

/// Writes one pack of a record.
struct PackWriter {
    let slot: PackSlot
    let number: Int
    let status: PackStatus
    let now: Instant

    private var reading: PackReading { slot.reading }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("pack")
            writer.integer(number)
            writeSerial(to: &writer)
            writer.name("status")
            switch status {
            case .waiting: writer.string("waiting")
            case .online: writer.string("online")
            case .silent: writer.string("silent")
            case .implausible: writer.string("implausible")
            }
            writeAges(to: &writer)
            writeValues(to: &writer)
            writeCells(to: &writer)
            writeFlags(to: &writer)
        }
    }

    private func writeSerial(to writer: inout JSONWriter) {
        writer.name("serial")
        guard slot.serialNumber.isKnown else { return writer.null() }
        var bytes = (0..<Int(slot.serialNumber.count)).map { slot.serialNumber[$0] }
        while bytes.last == 0x20 { bytes.removeLast() }
        writer.string(String(decoding: bytes, as: UTF8.self))
    }

    /// How old each group of values is; null when it was never read.
    private func writeAges(to writer: inout JSONWriter) {
        writer.name("age_ms")
        writer.object { writer in
            age("values", reading.stamp(of: .voltage), to: &writer)
            age("cells", reading.cellsStamp, to: &writer)
            age("flags", reading.flagsStamp, to: &writer)
        }
    }

    private func age(_ name: StaticString, _ stamp: Instant, to writer: inout JSONWriter) {
        writer.name(name)
        if stamp == .never {
            writer.null()
        } else {
            writer.integer(max(0, now.since(stamp).milliseconds))
        }
    }

    private func writeValues(to writer: inout JSONWriter) {
        writer.optional("voltage_v", reading[.voltage], decimals: 3)
        writer.optional("current_a", reading[.current], decimals: 3)
        writer.optional("soc_pct", reading[.stateOfCharge], decimals: 2)
        writer.optional("soh_pct", reading[.stateOfHealth], decimals: 2)
        writer.optional("remaining_ah", reading[.remainingCapacity], decimals: 3)
        writer.optional("full_ah", reading[.fullCapacity], decimals: 3)
        writer.optional("cycles", reading[.cycles], decimals: 0)
        writer.optional("charge_current_limit_a", reading[.chargeCurrentLimit], decimals: 3)
        writer.optional("discharge_current_limit_a", reading[.dischargeCurrentLimit], decimals: 3)
        writer.optional("mosfet_temperature_c", reading[.mosfetTemperature], decimals: 1)
        writer.optional("ambient_temperature_c", reading[.ambientTemperature], decimals: 1)
    }

    private func writeCells(to writer: inout JSONWriter) {
        writer.name("cells_mv")
        writer.array { writer in
            for index in 0..<Int(reading.cellCount) {
                if let cell = reading.cell(index) {
                    writer.integer(cell.millivolts)
                } else {
                    writer.null()
                }
            }
        }
        writer.name("probes_c")
        writer.array { writer in
            for index in 0..<Int(reading.probeCount) {
                if let probe = reading.probe(index) {
                    writer.decimal(Int64(probe.decidegrees), decimals: 1)
                } else {
                    writer.null()
                }
            }
        }
        writer.name("balancing")
        writer.integer(reading.balancing)
    }

    private func writeFlags(to writer: inout JSONWriter) {
        switches("charge_switch", .chargeMOSFETOn, to: &writer)
        switches("discharge_switch", .dischargeMOSFETOn, to: &writer)
        TelemetryDocument.write("warnings", reading.warnings.union(slot.findings), to: &writer)
        TelemetryDocument.write("protections", reading.protections, to: &writer)
        TelemetryDocument.write("faults", reading.faults, to: &writer)
        writer.name("flag_words")
        writer.array { writer in
            for index in 0..<Int(reading.flagWordCount) { writer.integer(reading.flagWord(index)) }
        }
    }

    private func switches(
        _ name: StaticString, _ state: PackStates, to writer: inout JSONWriter
    ) {
        writer.name(name)
        if reading.knownStates.contains(state) {
            writer.bool(reading.states.contains(state))
        } else {
            writer.null()
        }
    }
}
