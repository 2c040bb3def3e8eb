import Bank
import Modbus
import PackMap
import Quantities
import Testing

/// What each word of a map makes of registers.
@Suite struct WordTests {
    /// Fields of an exchange with the registers from 100 on, by name.
    private func read(_ text: String, _ words: [UInt16]) throws -> [String: ExplainedField] {
        let map = try SmallMap.load(text)
        let request = try #require(
            ReadRequest(
                unit: UnitID(1), function: .readHoldingRegisters, address: 100,
                count: UInt16(words.count)))
        var data = FrameBytes()
        for word in words { data.append(bigEndian: word) }
        let asked = RTUFrame.encode(request)
        let reply = RTUFrame.encodeReply(
            unit: UnitID(1), function: .readHoldingRegisters, data: data)
        let exchange = try map.explain(
            request: (0..<asked.count).map { asked[$0] },
            reply: (0..<reply.count).map { reply[$0] })
        #expect(exchange.verdict == .accepted)
        return Dictionary(exchange.fields.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    private func value(_ name: String, _ text: String, _ words: [UInt16]) throws -> String? {
        try read(text, words)[name]?.value
    }

    @Test func `bits cut a range out of the unsigned number`() throws {
        let text = SmallMap.text(charge: #"{ "at": 102, "type": "i16", "bits": [8, 14] }"#)
        #expect(try value("state_of_charge", text, [5200, 0, 0xCD12]) == "77.00")
    }

    @Test func `divide makes factors that no decimal says`() throws {
        let text = SmallMap.text(
            signals: #""full_capacity": { "at": 103, "type": "u32", "divide": 3600000 }"#)
        // 100 Ah are 360,000,000 mA s; half a milliampere hour is 1,800 of them.
        #expect(try value("full_capacity", text, [5200, 0, 50, 0x1575, 0x2A00]) == "100.000")
        #expect(try value("full_capacity", text, [5200, 0, 50, 0x1575, 0x3107]) == "100.000")
        #expect(try value("full_capacity", text, [5200, 0, 50, 0x1575, 0x3108]) == "100.001")
        #expect(try value("full_capacity", text, [5200, 0, 50, 0xFFFF, 0xFFFF]) == "1193.046")
        let scaled = text.replacing("\"divide\": 3600000", with: "\"divide\": 3, \"scale\": 0.001")
        #expect(try value("full_capacity", scaled, [5200, 0, 50, 0, 301]) == "0.100")
    }

    @Test func `minus takes another number off`() throws {
        let text = SmallMap.text(
            current: #"{ "at": 101, "scale": 0.1, "minus": { "at": 103 } }"#)
        #expect(try value("current", text, [5200, 0, 50, 123]) == "-12.300")
        #expect(try value("current", text, [5200, 45, 50, 0]) == "4.500")
    }

    @Test func `times multiplies with another number and its scale`() throws {
        let text = SmallMap.text(
            signals:
                #""charge_voltage_limit": { "at": 103, "scale": 0.001, "times": { "at": 104 } }"#)
        #expect(try value("charge_voltage_limit", text, [5200, 0, 50, 3450, 16]) == "55.200")
        let scaled = SmallMap.text(
            signals:
                #""charge_voltage_limit": { "at": 103, "times": { "at": 104, "scale": 0.001 } }"#)
        #expect(try value("charge_voltage_limit", scaled, [5200, 0, 50, 16, 3450]) == "55.200")
    }

    @Test func `an exponent shifts the point, and outside of ten it means unknown`() throws {
        let text = SmallMap.text(voltage: #"{ "at": 100, "exponent": { "at": 103 } }"#)
        #expect(try value("voltage", text, [5234, 0, 50, 0xFFFE]) == "52.340")
        #expect(try value("voltage", text, [52, 0, 50, 0]) == "52.000")
        #expect(try value("voltage", text, [5, 0, 50, 1]) == "50.000")
        let unknown = try read(text, [52, 0, 50, 0x8000])["voltage"]
        #expect(unknown?.value == "–" && unknown?.note == "scale factor outside -10…10")
    }

    @Test func `a register with one of some numbers makes a magnitude negative`() throws {
        let text = SmallMap.text(
            current:
                #"{ "at": 101, "scale": 0.1, "negative_when": { "at": 103, "equals": [2, 3] } }"#)
        #expect(try value("current", text, [5200, 100, 50, 3]) == "-10.000")
        #expect(try value("current", text, [5200, 100, 50, 1]) == "10.000")
        let signed = text.replacing("\"scale\": 0.1, \"neg", with: "\"type\": \"i16\", \"neg")
        #expect(try value("current", signed, [5200, 0xFFF6, 50, 1]) == "10.000")
        #expect(try value("current", signed, [5200, 0xFFF6, 50, 2]) == "-10.000")
    }

    @Test func `charge can be worked out from what remains and what is full`() throws {
        let text = SmallMap.text(
            charge: #"{ "computed": "remaining_over_full" }"#,
            signals: """
                "remaining_capacity": { "at": 103, "scale": 0.01 },
                "full_capacity": { "at": 104, "scale": 0.01 }
                """)
        #expect(try value("state_of_charge", text, [5200, 0, 0, 5000, 8000]) == "62.50")
        #expect(try value("state_of_charge", text, [5200, 0, 0, 5000, 0]) == "–")
    }

    @Test func `voltage can be the sum of the cells`() throws {
        let text = SmallMap.text(
            voltage: #"{ "computed": "cell_sum" }"#,
            more: """
                "cells": { "at": 103, "count": 4, "scale": 0.001, "not_available": [0] },
                "plausibility": { "voltage": { "min": 8 }, "cell": { "action": "drop_value" } }
                """)
        let words: [UInt16] = [0, 0, 50, 3300, 3301, 3302, 3303]
        #expect(try value("voltage", text, words) == "13.206")
        #expect(try value("voltage", text, words.dropLast() + [0]) == "9.903")
        #expect(try value("voltage", text, words.dropLast() + [300]) == "–")
    }

    @Test func `low bytes can come first in every value of a block`() throws {
        let text = SmallMap.text(
            blocks: """
                { "name": "live", "function": 3, "address": 100, "count": 8, "required": true,
                  "byte_order": "little" }
                """, current: #"{ "at": 103, "type": "i32", "scale": 0.001 }"#,
            signals: #""cycles": { "at": 105, "type": "u8_high" }"#,
            more: #""flags": [ { "name": "word", "at": 106, "bits": { "0": "state.full" } } ]"#)
        let words: [UInt16] = [0x5014, 0, 0x3200, 0xC7CF, 0xFFFF, 0x0107, 0x0100]
        let fields = try read(text, words)
        #expect(fields["voltage"]?.value == "52.000" && fields["current"]?.value == "-12.345")
        #expect(fields["cycles"]?.value == "7" && fields["word"]?.flags == ["state.full"])
    }

    @Test func `single bytes follow each other in a run`() throws {
        let text = SmallMap.text(
            more: #""probes": { "at": 103, "count": 6, "type": "i8", "not_available": [-56] }"#)
        let fields = try read(text, [5200, 0, 50, 0x1819, 0xC8FF, 0x0001])
        #expect(
            (1...6).map { fields["probe \($0)"]?.value } == [
                "24.0", "25.0", "–", "-1.0", "0.0", "1.0",
            ])
    }

    @Test func `a stride steps over what lies between entries`() throws {
        let text = SmallMap.text(
            more: #""cells": { "at": 103, "count": 2, "stride": 2, "scale": 0.001 }"#)
        let fields = try read(text, [5200, 0, 50, 3300, 9, 3301, 9, 9])
        #expect(fields["cell 1"]?.value == "3.300" && fields["cell 2"]?.value == "3.301")
    }

    @Test func `a list of runs is numbered on`() throws {
        let text = SmallMap.text(
            more: """
                "cells": [ { "at": 103, "count": 2, "scale": 0.001 },
                  { "at": 106, "count": 1, "scale": 0.01 } ],
                "probes": [ { "at": 105, "count": 1, "type": "i8_low" },
                  { "at": 107, "count": 1, "offset": -40 } ]
                """)
        let fields = try read(text, [5200, 0, 50, 3300, 3301, 0xFB, 330, 65])
        #expect((1...3).map { fields["cell \($0)"]?.value } == ["3.300", "3.301", "3.300"])
        #expect(fields["probe 1"]?.value == "-5.0" && fields["probe 2"]?.value == "25.0")
        let map = try SmallMap.load(text)
        #expect(map.cellCount == 3 && map.probeCount == 2)
    }

    @Test func `runs of one list are as old as the one that waits longest (rule 3)`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                blocks: """
                    { "name": "live", "function": 3, "address": 100, "count": 4, "required": true },
                    { "name": "more", "function": 3, "address": 200, "count": 1, "may_fail": true }
                    """,
                more: #""probes": [ { "at": 103, "count": 1 }, { "at": 200, "count": 1 } ]"#))
        var reading = PackReading()
        var identity = PackIdentity()
        func take(_ block: Int, _ bytes: [UInt8], at seconds: Int64) {
            _ = map.plan.decode(
                block: block, FrameBytes(bytes), at: Instant(nanoseconds: seconds * 1_000_000_000),
                into: &reading, identity: &identity)
        }
        let live: [UInt8] = [0x14, 0x50, 0, 0, 0, 50, 0, 21]
        take(0, live, at: 1)
        #expect(reading.probesStamp == Instant(nanoseconds: 1_000_000_000))
        #expect(reading.probe(0) != nil && reading.probe(1) == nil)
        take(1, [0, 22], at: 2)
        take(0, live, at: 3)
        #expect(reading.probesStamp == Instant(nanoseconds: 2_000_000_000))
        #expect(reading.probe(1) == .decidegrees(220))
        take(1, [0, 23], at: 4)
        #expect(reading.probesStamp == Instant(nanoseconds: 3_000_000_000))
    }

    @Test func `cells beyond the fitted ones and those without their bit are absent`() throws {
        let counted = SmallMap.text(
            more: """
                "cells": { "at": 103, "count": 4, "scale": 0.001, "counted_by": { "at": 107 } }
                """)
        let fields = try read(counted, [5200, 0, 50, 3300, 3301, 0, 77, 2])
        #expect(fields["cell 2"]?.value == "3.301" && fields["cell 3"]?.note == "not fitted")
        let masked = SmallMap.text(
            more: """
                "cells": { "at": 103, "count": 3, "scale": 0.001, "present_mask": { "at": 106 } }
                """)
        let other = try read(masked, [5200, 0, 50, 3300, 0, 3302, 0, 5])
        #expect(other["cell 1"]?.value == "3.300" && other["cell 2"]?.note == "not fitted")
        #expect(other["cell 3"]?.value == "3.302")
    }

    @Test func `a pack has as many cells and probes as it counts`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                blocks:
                    #"{ "name": "live", "function": 3, "address": 100, "count": 12, "required": true }"#,
                more: """
                    "cells": { "at": 103, "count": 3, "scale": 0.001, "counted_by": { "at": 106 } },
                    "probes": { "at": 107, "count": 4, "counted_by": { "at": 111 } }
                    """))
        var reading = PackReading()
        var identity = PackIdentity()
        func counts(cells: UInt8, probes: UInt8) -> [UInt8] {
            let verdict = map.plan.decode(
                block: 0,
                FrameBytes([
                    0x14, 0x50, 0, 0, 0, 50, 0x0C, 0xE4, 0x0C, 0xE5, 0x0C, 0xE6, 0, cells, 0, 20, 0,
                    21, 0, 22, 0, 23, 0, probes,
                ]), at: Instant(nanoseconds: 1), into: &reading, identity: &identity)
            #expect(verdict == .accepted)
            return [reading.cellCount, reading.probeCount]
        }
        #expect(counts(cells: 2, probes: 3) == [2, 3])
        #expect(reading.probe(2) == .decidegrees(220) && reading.probe(3) == nil)
        #expect(counts(cells: 3, probes: 9) == [3, 4])
        #expect(counts(cells: 0, probes: 0) == [0, 0])
    }

    @Test func `bits can be groups, numbers, inverted and lists`() throws {
        let text = SmallMap.text(
            more: """
                "flags": [
                  { "name": "levels", "at": 103, "bits": {
                      "0-2": { "1-2": "warning.cell_overvoltage", "3-7": "protection.cell_overvoltage" },
                      "3": { "0": "state.charge_mosfet_on" },
                      "4,6": "warning.memory", "5,7": { "0": "state.full", "any": "state.standby" },
                      "8-11": "fault.cell" } },
                  { "name": "mode", "at": 104, "bits": {
                      "0-15": { "1": "state.charging", "2-3": "state.discharging" } } },
                  { "name": "pairs", "at": 105, "fields": { "width": 2, "values": {
                      "1": "warning.cell_undervoltage", "2": "protection.cell_undervoltage" } } },
                  { "name": "low byte", "at": 106, "type": "u8_low", "any": "fault.front_end" }
                ]
                """)
        func flags(_ words: [UInt16]) throws -> [[String]?] {
            let fields = try read(text, [5200, 0, 50] + words)
            return ["levels", "mode", "pairs", "low byte"].map { fields[$0]?.flags }
        }
        #expect(
            try flags([0x0000, 0, 0, 0]) == [
                ["state.charge_mosfet_on", "state.full"], [], [], [],
            ])
        #expect(
            try flags([0x0042, 1, 0x0010, 0xFF00]) == [
                [
                    "warning.cell_overvoltage", "state.charge_mosfet_on", "warning.memory",
                    "state.full",
                ], ["state.charging"], ["warning.cell_undervoltage"], [],
            ])
        #expect(
            try flags([0x04AD, 3, 0x8000, 0x0001]) == [
                ["protection.cell_overvoltage", "state.standby", "fault.cell"],
                ["state.discharging"], ["protection.cell_undervoltage"], ["fault.front_end"],
            ])
    }

    @Test func `an inverted bit says nothing before its block was read`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                blocks: """
                    { "name": "live", "function": 3, "address": 100, "count": 4, "required": true },
                    { "name": "slow", "function": 3, "address": 200, "count": 1, "every": 5 }
                    """,
                more: """
                    "flags": [ { "name": "a", "at": 103, "bits": { "0": "state.full" } },
                      { "name": "b", "at": 200, "bits": { "0": { "0": "state.charge_mosfet_on" } } } ]
                    """))
        var reading = PackReading()
        var identity = PackIdentity()
        func take(_ block: Int, _ bytes: [UInt8]) {
            _ = map.plan.decode(
                block: block, FrameBytes(bytes), at: Instant(nanoseconds: 1), into: &reading,
                identity: &identity)
        }
        take(0, [0x14, 0x50, 0, 0, 0, 50, 0, 1])
        #expect(reading.states == [.full])
        take(1, [0, 0])
        #expect(reading.states == [.full, .chargeMOSFETOn])
    }

    @Test func `texts can be swapped, decimal or digits`() throws {
        let text = SmallMap.text(
            more: """
                "texts": {
                  "serial": { "at": 103, "registers": 2, "encoding": "ascii_swapped" },
                  "model": { "at": 105, "registers": 2, "encoding": "decimal" },
                  "firmware": { "at": 107, "bytes": 1, "encoding": "bcd" } }
                """)
        let fields = try read(text, [5200, 0, 50, 0x4241, 0x0043, 120, 7, 0x4200])
        #expect(fields["serial"]?.value == "ABC" && fields["model"]?.value == "1207")
        #expect(fields["firmware"]?.value == "42")
    }

    @Test func `a version is bytes with dots between them`() throws {
        let text = SmallMap.text(
            more: """
                "texts": {
                  "model": { "at": 103, "bytes": 1, "encoding": "version" },
                  "firmware": { "at": 104, "registers": 2, "encoding": "version" },
                  "serial": { "at": 106, "registers": 2, "encoding": "version" } }
                """)
        let fields = try read(text, [5200, 0, 50, 0x0C63, 0xFF00, 0x0A01, 0, 0])
        #expect(fields["model"]?.value == "12" && fields["firmware"]?.value == "255.0.10.1")
        #expect(fields["serial"]?.value == "")
    }

    @Test func `a jump is held back until the last value is old`() throws {
        for (action, verdict) in [
            ("drop_block", BlockVerdict.implausible(.signal(.stateOfCharge), 9_000)),
            ("drop_value", .accepted),
        ] {
            let map = try SmallMap.load(
                SmallMap.text(
                    more: """
                        "plausibility": { "state_of_charge":
                          { "jump": 5, "jump_s": 20, "action": "\(action)" } }
                        """))
            var reading = PackReading()
            var identity = PackIdentity()
            func take(_ charge: UInt8, at seconds: Int64) -> BlockVerdict {
                map.plan.decode(
                    block: 0, FrameBytes([0x14, 0x50, 0, 0, 0, charge]),
                    at: Instant(nanoseconds: seconds * 1_000_000_000), into: &reading,
                    identity: &identity)
            }
            #expect(take(50, at: 1) == .accepted)
            #expect(take(55, at: 2) == .accepted && reading[.stateOfCharge] == 5_500)
            #expect(take(90, at: 3) == verdict && reading[.stateOfCharge] == 5_500)
            #expect(take(90, at: 21) == verdict && reading[.stateOfCharge] == 5_500)
            #expect(take(90, at: 22) == .accepted && reading[.stateOfCharge] == 9_000)
        }
    }
}
