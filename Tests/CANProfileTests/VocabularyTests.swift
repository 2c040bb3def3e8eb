import Bank
import CANBus
import CANProfile
import Foundation
import Quantities
import TestKit
import Testing

/// What each word of a profile puts on the bus.
@Suite struct VocabularyTests {
    private func data(_ fixture: VocabularyFixture, _ values: BankValues) throws -> String? {
        let profile = try fixture.load()
        return profile.plan.encode(0, values).map {
            String($0.compactHex.split(separator: "#")[1])
        }
    }

    private func values(_ numbers: [BankValue: Int32]) -> BankValues {
        var values = BankValues()
        for (value, number) in numbers { values[value] = number }
        return values
    }

    @Test func `a negated value counts the other way and its clamps still mean the value`() throws {
        let fixture = VocabularyFixture(
            ["S : 0|16@1- (0.1,0)"],
            "\"S\": {\"value\": \"current\", \"negate\": true, \"min\": -20}")
        #expect(try data(fixture, values([.current: 12_300])) == "85FF000000000000")
        #expect(try data(fixture, values([.current: -12_300])) == "7B00000000000000")
        #expect(try data(fixture, values([.current: -50_000])) == "C800000000000000")
        #expect(try data(fixture, values([:])) == nil)
        let profile = try fixture.load()
        let frame = try #require(profile.plan.encode(0, values([.current: 12_300])))
        #expect(profile.bankValues(in: frame).map(\.number) == [12_300])
    }

    @Test func `an unknown value has its own number where the profile gives one`() throws {
        let fixture = VocabularyFixture(
            ["S : 0|16@1- (1,0)", "T : 23|16@0+ (1,0)"],
            "\"S\": {\"value\": \"state_of_charge\", \"unknown\": \"0x8000\"},"
                + "\"T\": {\"value\": \"cell_maximum\", \"unknown\": 65535, \"factor\": 0.001}")
        #expect(try data(fixture, values([:])) == "0080FFFF00000000")
        let known = values([.stateOfCharge: 8_760, .cellMaximum: 3_456])
        #expect(try data(fixture, known) == "58000D8000000000")
        let profile = try fixture.load()
        let frame = try #require(profile.plan.encode(0, values([:])))
        #expect(profile.bankValues(in: frame).isEmpty)
    }

    @Test func `a list gives its numbers and withholds what it does not have`() throws {
        let entry = "\"value\": \"direction\", \"table\": {\"0\": 3, \"1\": \"0x10\", \"2\": 7}"
        let strict = VocabularyFixture(["S : 8|8@1+ (1,0)"], "\"S\": {\(entry)}")
        #expect(try data(strict, values([.direction: 1])) == "0010000000000000")
        #expect(try data(strict, values([.direction: 5])) == nil)
        #expect(try data(strict, values([:])) == nil)
        let open = VocabularyFixture(["S : 8|8@1+ (1,0)"], "\"S\": {\(entry), \"unknown\": 255}")
        #expect(try data(open, values([.direction: 5])) == "00FF000000000000")
        let volts = VocabularyFixture(
            ["S : 0|8@1+ (1,0)"],
            "\"S\": {\"value\": \"voltage\", \"table\": {\"51.2\": 1, \"48\": 2}}")
        #expect(try data(volts, values([.voltage: 51_200])) == "0100000000000000")
    }

    @Test func `pairs of bits say active or all right`() throws {
        let fixture = VocabularyFixture(
            ["A : 2|2@1+ (1,0)", "B : 4|2@1+ (1,0)"],
            "\"A\": {\"alarms\": [\"protection.cell_overvoltage\"], \"raised\": 1, \"clear\": 2},"
                + "\"B\": {\"alarms\": [\"fault.cell\"], \"raised\": 1, \"clear\": 2}")
        #expect(try data(fixture, BankValues()) == "2800000000000000")
        var alarmed = BankValues()
        alarmed.protections.insert(.cellOvervoltage)
        #expect(try data(fixture, alarmed) == "2400000000000000")
    }

    @Test func `a counter counts the sendings of its frame round and round`() throws {
        let fixture = VocabularyFixture(
            ["C : 0|3@1+ (1,0)", "R : 3|5@1+ (1,0)"],
            "\"C\": {\"counter\": true}, \"R\": {\"constant\": 1}")
        let plan = try fixture.load().plan
        var state = SendState(plan)
        var found: [UInt64] = []
        for _ in 0..<10 {
            let frame = try #require(plan.encode(0, BankValues(), count: state.count(0)))
            found.append(frame.bits & 7)
            state.noteSent(0)
        }
        #expect(found == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1])
    }

    /// The sums of 31 32 … 37 with the value, worked out by hand; CRC-8 of "123456789" is 0xF4.
    @Test(arguments: [("sum8", "5C"), ("xor8", "00"), ("crc8", "30")])
    func `a checksum covers all other bytes`(kind: String, expected: String) throws {
        let fixture = VocabularyFixture(
            ["T : 0|56@1+ (1,0)", "K : 56|8@1+ (1,0)"],
            "\"T\": {\"text\": \"1234567\"}, \"K\": {\"checksum\": \"\(kind)\"}")
        let bytes = Array("1234567".utf8)
        let sum: UInt8
        switch kind {
        case "sum8": sum = bytes.reduce(0, &+)
        case "xor8": sum = bytes.reduce(0, ^)
        default:
            sum = bytes.reduce(0) { crc, byte in
                (0..<8).reduce(crc ^ byte) { value, _ in
                    value & 0x80 != 0 ? value << 1 ^ 7 : value << 1
                }
            }
        }
        let hex = String(sum, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 2 - hex.count) + hex
        #expect(try data(fixture, BankValues()) == "31323334353637\(padded)")
    }

    @Test func `texts come from the bank, cut and padded as the field asks`() throws {
        let fixture = VocabularyFixture(
            ["A : 0|32@1+ (1,0)", "B : 39|32@0+ (1,0)"],
            "\"A\": {\"text_of\": \"serial\", \"from\": 4, \"pad\": \"space\"},"
                + "\"B\": {\"text_of\": \"gateway\"}")
        let text = #"{"serial": "ABCDEF", "gateway": "hut"}"#
        let state = try BankStateDocument.load(Array(text.utf8), name: "s")
        #expect(try data(fixture, state) == "4546202068757400")
        #expect(try data(fixture, BankValues()) == nil)
    }

    @Test func `a place has a name of pack and cell`() throws {
        let fixture = VocabularyFixture(
            ["A : 0|64@1+ (1,0)"], "\"A\": {\"text_of\": \"cell_maximum_name\"}")
        let known = values([.cellMaximumPack: 7, .cellMaximumCell: 12])
        #expect(try data(fixture, known) == "5030374331320000")
        #expect(try data(fixture, values([.cellMaximumPack: 16])) == "5031360000000000")
        let probe = VocabularyFixture(
            ["A : 0|64@1+ (1,0)"], "\"A\": {\"text_of\": \"temperature_minimum_name\"}")
        let cold = values([.temperatureMinimumPack: 7, .temperatureMinimumProbe: 2])
        #expect(try data(probe, cold) == "5030375432000000")
    }

    @Test func `a bitmap is cut to its field, not held at its end`() throws {
        let fixture = VocabularyFixture(
            ["S : 0|8@1+ (1,0)"], "\"S\": {\"value\": \"online_mask\"}")
        #expect(try data(fixture, values([.onlineMask: 0x103])) == "0300000000000000")
    }

    @Test func `a constant in a signed field may be written as its bits`() throws {
        let fixture = VocabularyFixture(
            ["S : 0|16@1- (1,0)"], "\"S\": {\"constant\": \"0xFFFF\"}")
        #expect(try data(fixture, BankValues()) == "FFFF000000000000")
    }

    /// Rule 4 for single packs: a neighbour's alarm is not theirs.
    @Test func `rule 4: frames for each pack count identifiers up and carry their pack only`()
        throws
    {
        let fixture = VocabularyFixture(
            layout: """
                BO_ 336 P: 3 A
                 SG_ V : 0|16@1+ (0.1,0) [0|0] "V" B
                 SG_ O : 16|1@1+ (1,0) [0|0] "" B

                """,
            frames: """
                { "message": "P", "per_pack": true, "signals": { "V": {"value": "pack_voltage"},
                  "O": {"alarms": ["protection.cell_overvoltage"]} } }
                """)
        let profile = try fixture.load()
        let text = """
            {"packs": [ {"values": {"pack_voltage": 52.1}},
              {"values": {"pack_voltage": 52.2, "pack_online": 0}},
              {"values": {"pack_voltage": 52.3}, "protections": ["cell_overvoltage"]} ]}
            """
        let values = try BankStateDocument.load(Array(text.utf8), name: "s")
        #expect(profile.cycle(values) == ["150#090200", "152#0B0201"])
        #expect(profile.plan.frames.count == 16)
        #expect(!profile.plan.isWanted(3, packs: 3) && profile.plan.isWanted(1, packs: 3))
        let frame = try Candump.parse("can0 152#0B0201").frame
        #expect(profile.decode(frame)?.map(\.value) == ["52.3", "1"])
    }

    @Test func `a frame for each pack of a lone pack needs one identifier and no more`() throws {
        let fixture = VocabularyFixture(
            layout: """
                BO_ 336 P: 2 A
                 SG_ V : 0|16@1+ (0.001,0) [0|0] "V" B
                BO_ 337 Q: 2 A
                 SG_ V : 0|16@1+ (0.001,0) [0|0] "V" B
                BO_ 338 R: 2 A
                 SG_ V : 0|16@1+ (0.001,0) [0|0] "V" B

                """,
            frames: """
                { "message": "Q", "per_pack": true, "only_when": "one_pack",
                  "signals": { "V": {"value": "pack_cell_2"} } },
                { "message": "P", "per_pack": true, "only_when": "one_pack",
                  "signals": { "V": {"value": "pack_cell_1"} } },
                { "message": "R", "signals": { "V": {"value": "cell_maximum"} } }
                """)
        let profile = try fixture.load()
        #expect(profile.plan.frames.count == 3)
        #expect(profile.packMessages.count == 2)
        func cycle(_ packs: Int) throws -> [String] {
            let pack = "{\"values\": {\"pack_cell_1\": 3.301, \"pack_cell_2\": 3.302}}"
            let list = [String](repeating: pack, count: packs).joined(separator: ",")
            let text = "{\"values\": {\"cell_maximum\": 3.303}, \"packs\": [\(list)]}"
            return profile.cycle(try BankStateDocument.load(Array(text.utf8), name: "s"))
        }
        #expect(try cycle(1) == ["151#E60C", "150#E50C", "152#E70C"])
        #expect(try cycle(2) == ["152#E70C"])
    }

    @Test func `a stopped bank sends the number that stands for it, whatever the value`() throws {
        let fixture = VocabularyFixture(
            ["A : 0|8@1+ (1,0)", "B : 8|8@1- (1,0)", "C : 16|8@1+ (1,0)", "D : 31|8@0+ (1,0)"],
            """
            "A": {"value": "force_charge", "table": {"0": 0, "1": 1}, "when_stopped": 2},
            "B": {"value": "state_of_charge", "when_stopped": "0xFF"},
            "C": {"value": "direction", "unknown": 9, "when_stopped": 7},
            "D": {"value": "charge_enabled", "when_stopped": 128}
            """)
        var known = values([
            .forceCharge: 1, .stateOfCharge: 5_000, .direction: 2, .chargeEnabled: 1,
        ])
        #expect(try data(fixture, known) == "0132020100000000")
        known[.stopped] = 0
        #expect(try data(fixture, known) == "0132020100000000")
        known[.stopped] = 1
        #expect(try data(fixture, known) == "02FF078000000000")
        #expect(try data(fixture, values([.stopped: 1])) == "02FF078000000000")
        #expect(try data(fixture, values([:])) == nil)
        let profile = try fixture.load()
        profile.prepare(&known, isStopped: true)
        #expect(profile.cycle(known) == ["001#02FF078000000000"])
    }

    @Test func `pages take turns and each carries its own signals`() throws {
        let fixture = VocabularyFixture(
            layout: """
                BO_ 2 M: 3 A
                 SG_ S M : 0|8@1+ (1,0) [0|0] "" B
                 SG_ A m0 : 8|16@1+ (0.1,0) [0|0] "V" B
                 SG_ B m1 : 8|16@1+ (1,0) [0|0] "%" B

                """,
            frames: """
                { "message": "M", "cycle_ms": 500, "page": {"S": 0},
                  "signals": {"A": {"value": "voltage"}} },
                { "message": "M", "cycle_ms": 500, "page": {"S": 1},
                  "signals": {"B": {"value": "state_of_charge"}} }
                """)
        let profile = try fixture.load()
        let known = values([.voltage: 52_100, .stateOfCharge: 8_800])
        #expect(profile.cycle(known) == ["002#000902", "002#015800"])
        #expect(profile.plan.frames.map(\.cycle) == [.seconds(1), .seconds(1)])
        #expect(profile.plan.frames.map(\.phase) == [.zero, .milliseconds(500)])
        let frame = try Candump.parse("can0 002#015800").frame
        #expect(profile.decode(frame)?.map(\.name) == ["S", "B"])
        #expect(profile.bankValues(in: frame).map(\.value) == [.stateOfCharge])
    }

    @Test func `a frame for one pack is not sent to a larger bank`() throws {
        let fixture = VocabularyFixture(
            ["S : 0|8@1+ (1,0)"], "\"S\": {\"constant\": 1}", frame: "\"only_when\": \"one_pack\",")
        #expect(try data(fixture, values([.packsConfigured: 1])) != nil)
        #expect(try data(fixture, values([.packsConfigured: 2])) == nil)
        #expect(try data(fixture, BankValues()) == nil)
    }

    /// Every value that a field can show must come out as itself: 52.3 V is 523 tenths, not 522.
    @Test(arguments: [
        ("0.1", "0", BankValue.voltage, Int32(100)), ("0.01", "0", .voltage, 10),
        ("1", "0", .stateOfCharge, 100), ("0.1", "-40", .temperatureMaximum, 1),
        ("1", "-273", .temperatureMinimum, 10), ("0.1", "-500", .current, 100),
        ("0.001", "0", .cellMaximum, 1), ("0.5", "0", .stateOfCharge, 50),
    ]) func `no value a field can show comes out one step off`(
        factor: String, offset: String, value: BankValue, step: Int32
    ) throws {
        for order in ["0|16@1", "7|16@0"] {
            for sign in ["+", "-"] {
                for isNegated in [false, true] {
                    let negate = isNegated ? ", \"negate\": true" : ""
                    let fixture = VocabularyFixture(
                        ["S : \(order)\(sign) (\(factor),\(offset))"],
                        "\"S\": {\"value\": \"\(value.name)\"\(negate)}")
                    let wrong = try misses(fixture, value, step, isSigned: sign == "-")
                    #expect(wrong == 0, "\(order)\(sign) negated: \(isNegated)")
                }
            }
        }
    }

    /// For every raw number: the value it stands for, encoded, must give the number back.
    private func misses(
        _ fixture: VocabularyFixture, _ value: BankValue, _ step: Int32, isSigned: Bool
    ) throws -> Int {
        let profile = try fixture.load()
        let signal = try #require(profile.layout.messages.first?.signals.first)
        let identifier = try #require(CANIdentifier(1))
        var values = BankValues()
        var wrong = 0
        for raw in stride(from: UInt64(0), through: 0xFFFF, by: 13) {
            let bits = signal.isLittleEndian ? raw : UInt64(UInt16(raw).byteSwapped)
            let frame = try #require(CANFrame(identifier, length: 8, bits: bits))
            guard let number = profile.bankValues(in: frame).first?.number else { return -1 }
            guard let exact = Int32(exactly: number), exact % step == 0 else { return -2 }
            values[value] = exact
            if profile.plan.encode(0, values) != frame { wrong += 1 }
        }
        return wrong
    }
}
