import Bank
import FleetIngest
import FleetStore
import Quantities
import Telemetry
import TestKit
import Testing

@Suite struct RecordDecoderTests {
    @Test func `what a gateway writes comes out as it was measured`() throws {
        var generator = SeededGenerator(announcedAs: "RecordDecoderTests")
        for sequence in 1...300 {
            var fixture = RecordFixture(using: &generator)
            let report = Self.randomReport(using: &generator)
            fixture.outbox = report.map {
                OutboxSummary(
                    depth: $0.depth, oldestWallMilliseconds: $0.oldestWallMilliseconds,
                    bytes: $0.bytes, budgetBytes: $0.budgetBytes,
                    losses: $0.losses.isEmpty ? [] : [("disk_full", 3)])
            }
            let bytes = fixture.telemetry(Int64(sequence))
            let record = try RecordDecoder.decode(bytes, from: "gw-1", receivedMilliseconds: 9)
            #expect(
                record.key == RecordKey(gateway: "gw-1", epoch: 7, sequence: Int64(sequence)))
            #expect(record.clock.wallMilliseconds == RecordFixture.wall)
            #expect(record.clock.isTrusted == (sequence % 2 == 0))
            #expect(record.clock.boot == RecordFixture.boot)
            #expect(record.clock.monotonicMilliseconds == 5_000)
            #expect(record.receivedMilliseconds == 9)
            #expect(record.outbox == report)
            guard case .telemetry(let bank, let packs) = record.body else {
                Issue.record("no telemetry")
                return
            }
            expect(bank, fixture.state)
            try #require(packs.count == fixture.packs.count)
            for (position, pack) in packs.enumerated() {
                #expect(pack.pack == Int32(position + 1))
                expect(pack, fixture.packs[position])
            }
        }
    }

    private static func randomReport(using generator: inout SeededGenerator) -> OutboxReport? {
        guard Bool.random(using: &generator) else { return nil }
        return OutboxReport(
            depth: .random(in: 0...1_000_000, using: &generator),
            oldestWallMilliseconds: Bool.random(using: &generator)
                ? .random(in: 0...4_000_000_000_000, using: &generator) : nil,
            bytes: .random(in: 0...RecordFixture.largest, using: &generator), budgetBytes: 1 << 30,
            losses: Bool.random(using: &generator) ? ["disk_full": 3] : [:])
    }

    private func expect(_ bank: BankSample, _ state: BankState) {
        #expect(bank.mode == "\(state.mode)")
        #expect(bank.packsConfigured == Int32(state.packsConfigured))
        #expect(bank.packsOnline == Int32(state.packsOnline))
        #expect(bank.millivolts == state.voltage?.units)
        #expect(bank.milliamperes == state.current?.units)
        #expect(bank.stateOfCharge == state.stateOfCharge?.units)
        #expect(bank.stateOfHealth == state.stateOfHealth?.units)
        #expect(bank.remaining == state.remainingCapacity.map { Int64($0.units) })
        #expect(bank.full == state.fullCapacity.map { Int64($0.units) })
        #expect(bank.temperatureMean == state.temperatureMean?.units)
        #expect(bank.temperatureMaximum == state.temperatureMaximum?.value.units)
        #expect(bank.temperatureMinimum == state.temperatureMinimum?.value.units)
        #expect(bank.cellMaximum == state.cellMaximum?.value.units)
        #expect(bank.cellMinimum == state.cellMinimum?.value.units)
        #expect(bank.chargeVoltage == state.chargeVoltage.value.units)
        #expect(bank.dischargeVoltage == state.dischargeVoltage.value.units)
        #expect(bank.chargeCurrent == state.chargeCurrent.value.units)
        #expect(bank.dischargeCurrent == state.dischargeCurrent.value.units)
        #expect(bank.chargeRule == state.chargeCurrent.reason.rule.code)
        #expect(bank.dischargeRule == state.dischargeCurrent.reason.rule.code)
        let (charge, discharge) = (state.chargeCurrent.reason, state.dischargeCurrent.reason)
        #expect(bank.chargePack ?? 0 == charge.pack && bank.chargeCell ?? 0 == charge.cell)
        #expect(
            bank.dischargePack ?? 0 == discharge.pack && bank.dischargeCell ?? 0 == discharge.cell)
        #expect(bank.warnings == codes(state.warnings))
        #expect(bank.protections == codes(state.protections))
        #expect(bank.faults == codes(state.faults))
        #expect(bank.profile == "pylontech-lv-1.2")
        #expect(bank.keepAlive == "present")
        #expect(bank.bus == "bus_off")
        #expect(bank.framesSent == 6 && bank.framesReceived == 1)
    }

    private func expect(_ pack: PackSample, _ slot: PackSlot) {
        let reading = slot.reading
        #expect(pack.serial == (slot.serialNumber.isKnown ? "P16S\"é\u{1}" : nil))
        #expect(pack.millivolts == reading[.voltage])
        #expect(pack.milliamperes == reading[.current])
        #expect(pack.stateOfCharge == reading[.stateOfCharge])
        #expect(pack.stateOfHealth == reading[.stateOfHealth])
        #expect(pack.remaining == reading[.remainingCapacity])
        #expect(pack.full == reading[.fullCapacity])
        #expect(pack.cycles == reading[.cycles])
        #expect(pack.mosfetTemperature == reading[.mosfetTemperature])
        #expect(pack.ambientTemperature == reading[.ambientTemperature])
        let cells = (0..<Int(reading.cellCount)).map { index in
            reading.cell(index).map { Int16($0.millivolts) }
        }
        #expect(pack.cells == cells)
        let probes = (0..<Int(reading.probeCount)).map { index in
            reading.probe(index).map { Int16($0.decidegrees) }
        }
        #expect(pack.probes == probes)
        #expect(pack.balancing == Int64(reading.balancing))
        let isChargeKnown = reading.knownStates.contains(.chargeMOSFETOn)
        #expect(
            pack.chargeSwitch
                == (isChargeKnown ? reading.states.contains(.chargeMOSFETOn) : nil))
        #expect(pack.warnings == codes(reading.warnings.union(slot.findings)))
        #expect(pack.protections == codes(reading.protections))
    }

    private func codes(_ alarms: AlarmSet) -> String {
        AlarmKind.allCases.filter { alarms.contains($0) }.map(\.code).joined(separator: ",")
    }

    @Test func `an event comes out as it was written`() throws {
        for text in ["", "pack 3: \"odd\" \\ text\n", "zu heiß 🔥"] {
            let bytes = RecordFixture.event(4, text: text)
            let record = try RecordDecoder.decode(bytes, from: "gw-1", receivedMilliseconds: 0)
            #expect(
                record.body
                    == .event(
                        EventSample(
                            change: "raised", level: "protection", code: "cell_overvoltage",
                            pack: 3, text: text)))
        }
    }

    @Test func `spacing and members that are not known change nothing`() throws {
        var generator = SeededGenerator(seed: 5)
        let bytes = RecordFixture(using: &generator).telemetry(12)
        let plain = try RecordDecoder.decode(bytes, from: "gw-1", receivedMilliseconds: 1)
        var spaced = ""
        var isText = false
        for character in String(decoding: bytes, as: UTF8.self).replacing("\\\"", with: "'") {
            if character == "\"" { isText.toggle() }
            spaced +=
                !isText && ",:{}[]".contains(character) ? " \n\(character)\t\r" : "\(character)"
        }
        let foreign = #"{"a":[1e5,-0.5E+1,{"b":null,"é":"\ud83d\ude00\u00e9"},{},[]],"#
        let widened = try spaced.changing("{", to: foreign).replacing("'", with: "\\\"")
        let read = try RecordDecoder.decode(
            Array(widened.utf8), from: "gw-1", receivedMilliseconds: 1)
        #expect(read == plain)
    }

    @Test func `members may come in any order and with escapes in their names`() throws {
        let plain = try RecordDecoder.decode(
            RecordFixture.event(4), from: "gw-1", receivedMilliseconds: 1)
        let text = #"""
            {"text":"h\u006ft","pack":3,"code":"cell_overvoltage","level":"protection",
            "change":"raised","time":{"monotonic_ms":5000,"boot":"71734537-D6D9-472D-8519-7EF8CF99F170",
            "trusted":true,"wall":"2023-11-14T23:13:20.123456789+01:00"},"seq":4,"epoch":7,
            "gatew\u0061y":"gw\u002d1","schema":"amphora/event/v1"}
            """#
        let read = try RecordDecoder.decode(
            Array(text.utf8), from: "gw-1", receivedMilliseconds: 1)
        #expect(read == plain)
    }

    @Test func `what became of a configuration is kept as it was written`() throws {
        let detail =
            #"{"applied_version":4,"applied_at":"2026-11-24T13:05:00Z","result":"reverted","#
            + #""version":5,"faults":["no \"broker\""],"held_back":[]}"#
        let text = try String(decoding: RecordFixture.event(4), as: UTF8.self)
            .changing(#""text":"#, to: #""configuration":\#(detail),"text":"#)
        func event(_ text: String) throws -> EventSample? {
            let record = try RecordDecoder.decode(
                Array(text.utf8), from: "gw-1", receivedMilliseconds: 0)
            if case .event(let event) = record.body { return event } else { return nil }
        }
        #expect(try event(text)?.detail == detail)
        for (part, other) in [
            ("reverted", "lost"), ("4,", "0,"), (#"["no \"broker\""]"#, "[1]"),
            (#""version":5,"#, ""),
        ] {
            #expect(throws: (any Error).self) {
                try event(text.changing(part, to: other))
            }
        }
    }

    @Test func `what became of an assigned set is kept as it was written`() throws {
        let detail =
            #"{"set":"base","version":"1.4.0","release":7,"rollout":"r-1","#
            + #""reason":"alarm \"bus_down\" was not there before"}"#
        let text = try String(decoding: RecordFixture.event(4), as: UTF8.self)
            .changing(#""text":"#, to: #""update":\#(detail),"text":"#)
        #expect(try SchemaJudge.verdicts("event-v1", [text]) == ["ok"])
        func event(_ text: String) throws -> EventSample? {
            let record = try RecordDecoder.decode(
                Array(text.utf8), from: "gw-1", receivedMilliseconds: 0)
            if case .event(let event) = record.body { return event } else { return nil }
        }
        #expect(try event(text)?.detail == detail)
        #expect(try event(text.changing(#""r-1""#, to: "null"))?.detail?.contains("null") == true)
        for (part, other) in [
            ("7,", "-1,"), (#""r-1""#, "5"), (#""version":"1.4.0","#, ""), (#""base""#, "null"),
        ] {
            #expect(throws: (any Error).self) { try event(text.changing(part, to: other)) }
        }
    }

    @Test func `dates agree with the writer's calendar`() throws {
        var generator = SeededGenerator(announcedAs: "RecordDecoderTests dates")
        for _ in 0..<500 {
            let wall = Int64.random(in: 0...9_000_000_000, using: &generator)
            let nanoseconds = wall * 1_000_000_000 + 987_000_000
            let date = RFC3339.text(unixNanoseconds: nanoseconds)
            let text = try String(decoding: RecordFixture.event(4), as: UTF8.self)
                .changing("2023-11-14T22:13:20.123Z", to: date)
            let record = try RecordDecoder.decode(
                Array(text.utf8), from: "gw-1", receivedMilliseconds: 0)
            #expect(record.clock.wallMilliseconds == nanoseconds / 1_000_000)
        }
    }

    @Test func `an outbox report is read with any record`() throws {
        let report =
            #","outbox":{"depth":3,"oldest":"2026-11-24T13:05:00.5+01:00","bytes":4096,"#
            + #""budget_bytes":1000000,"losses":{"thinned":2,"disk_full":1}}}"#
        let text = String(decoding: RecordFixture.event(4).dropLast(), as: UTF8.self) + report
        #expect(try SchemaJudge.verdicts("event-v1", [text]) == ["ok"])
        let record = try RecordDecoder.decode(
            Array(text.utf8), from: "gw-1", receivedMilliseconds: 0)
        #expect(
            record.outbox
                == OutboxReport(
                    depth: 3, oldestWallMilliseconds: 1_795_521_900_500, bytes: 4096,
                    budgetBytes: 1_000_000, losses: ["thinned": 2, "disk_full": 1]))
    }

    @Test func `bytes of any kind never end the process`() {
        var generator = SeededGenerator(announcedAs: "RecordDecoderTests bytes")
        let good = RecordFixture(packs: 2, using: &generator).telemetry(3)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch generator.next() % 3 {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.removeSubrange(place...)
                default: bytes.insert(bytes[bytes.count / 2], at: place)
                }
                if bytes.isEmpty { break }
            }
            _ = try? RecordDecoder.decode(bytes, from: "gw-1", receivedMilliseconds: 0)
        }
    }
}
