import Bank
import CANProfile
import Foundation
import TestKit
import Testing

/// The contract for people and editors against the loader; jsonschema for Python is the judge.
@Suite struct ProfileSchemaTests {
    private static let schema = Repository.root + "/Schemas/profile-v1.schema.json"
    private static let folder = Repository.profileSet + "/inverters/pylontech-lv-1.2"

    /// Each text is found in the shipped profile and replaced; the result is wrong.
    private static let mistakes: [(old: String, new: String)] = [
        ("\"value\": \"voltage\"", "\"value\": \"volts\""),
        ("\"cycle_ms\": 1000", "\"cycle_ms\": 5"), ("\"cycle_ms\"", "\"cycle\""),
        ("\"confidence\": \"vendor\"", "\"confidence\": \"sure\""),
        ("\"action\": \"report\"", "\"action\": \"restart\""),
        ("\"limits\": \"zero_currents\"", "\"limits\": \"zeros\""),
        ("\"silence_after_s\": 60", "\"silence_after_s\": -1"),
        ("\"silence_after_s\": 60", "\"silence_after\": 60"),
        ("\"timeout_s\": 10", "\"timeout_s\": 0"), ("\"bit_rate\": 500000", "\"bit_rate\": 5000"),
        ("\"min\": 0", "\"minimum\": 0"),
        ("\"constant\": 80", "\"constant\": 80, \"value\": \"voltage\""),
        ("\"protection.cell_overvoltage\"", "\"alert.cell_overvoltage\""),
        ("inverter-profile/v1", "inverter-profile/v2"),
    ]

    @Test func `what the schema refuses the loader refuses too`() throws {
        let good = try String(contentsOfFile: Self.folder + "/profile.json", encoding: .utf8)
        let layout = try Data(contentsOf: URL(filePath: Self.folder + "/frames.dbc"))
        let documents = Self.mistakes.map {
            good.replacing($0.old, with: $0.new, maxReplacements: 1)
        }
        let found = try SchemaJudge.verdicts("profile-v1", [good] + documents)
        #expect(found.count == documents.count + 1)
        #expect(found.first == "ok")
        for (index, document) in documents.enumerated() {
            let mistake = Self.mistakes[index]
            #expect(document != good, "\(mistake.old) is not in the profile")
            #expect(found[index + 1] != "ok", "the schema takes \(mistake.new)")
            #expect(throws: CANProfileError.self, "the loader takes \(mistake.new)") {
                try CANProfile.load(
                    profile: Array(document.utf8), layout: Array(layout), name: "p")
            }
        }
    }

    /// A profile with every word, of which each part is replaced by something wrong.
    private static let words = VocabularyFixture(
        layout: """
            BO_ 1 A: 8 X
             SG_ V : 0|16@1+ (0.1,0) [0|0] "" X
             SG_ M : 16|8@1+ (1,0) [0|0] "" X
             SG_ N : 24|8@1+ (1,0) [0|0] "" X
             SG_ T : 32|16@1+ (1,0) [0|0] "" X
             SG_ C : 48|8@1+ (1,0) [0|0] "" X
             SG_ K : 56|8@1+ (1,0) [0|0] "" X
            BO_ 2 P: 3 X
             SG_ S M : 0|8@1+ (1,0) [0|0] "" X
             SG_ V m0 : 8|16@1+ (0.001,0) [0|0] "" X
            BO_ 773 Alive: 1 I
             SG_ D : 0|8@1+ (1,0) [0|0] "" X

            """,
        frames: """
            { "message": "A", "cycle_ms": 500, "signals": {
              "V": { "value": "charge_voltage_limit", "min": 40, "max": 60, "negate": false },
              "M": { "value": "direction", "table": { "0": 1, "1": 2 }, "unknown": "0xFF", "when_stopped": 0 },
              "N": { "alarms": ["fault.cell"], "raised": 2, "clear": 1 },
              "T": { "text_of": "serial", "from": 2, "pad": "space" },
              "C": { "counter": true }, "K": { "checksum": "crc8" } } },
            { "message": "P", "cycle_ms": 1000, "per_pack": true, "only_when": "one_pack",
              "page": { "S": 0 }, "signals": { "V": { "value": "pack_cell_1", "factor": 0.01 } } }
            """,
        more: """
            "speaks_to": ["X"], "notes": ["n"], "send": { "on": "poll", "polls": ["Alive"], "spacing_ms": 10 },
            "charge_voltage": { "while_forbidden": "actual", "never_below_actual": true },
            "keep_alive": { "messages": ["Alive"], "data": "0B", "timeout_s": 10, "action": "report",
              "before": "stop" },
            "commands": [ { "message": "Alive", "signal": "D", "equals": 1, "action": "stop", "title": "t" } ],
            "quirks": [ { "id": "q", "title": "t", "when": "w", "changes": { "notes": ["m"] } } ],
            "inverter": { "sends": [ { "message": "Alive", "data": "0B", "cycle_ms": 500 } ],
              "requires": ["A"], "timeout_s": 5, "timeout_reaction": "trip", "zero_currents": "stops",
              "accepts": { "voltage": [40, 60] }, "zero_charge_voltage": "ignored",
              "charge_voltage_below_actual": "discharges", "wants_all_lengths_8": true,
              "starts_after_poll": false }
            """)

    private static let wrongWords: [(old: String, new: String)] = [
        ("\"bus\": { \"bit_rate\": 500000 },", ""), ("\"sources\": [\"none\"]", "\"sources\": []"),
        (", \"signals\": { \"V\": { \"value\": \"pack_cell_1\", \"factor\": 0.01 } }", ""),
        ("\"when_stopped\": 0", "\"when_stopped\": \"0x-1\""),
        ("\"equals\": 1", "\"equals\": \"+1\""),
        ("\"when_stopped\": 0", "\"when_stopped\": 0.5"), ("\"when_stopped\"", "\"while_stopped\""),
        ("\"counter\": true", "\"counter\": true, \"when_stopped\": 1"),
        ("\"counter\": true", "\"counter\": false"), ("\"crc8\"", "\"crc16\""),
        ("\"unknown\": \"0xFF\"", "\"unknown\": true"), ("{ \"0\": 1, \"1\": 2 }", "{}"),
        ("\"0\": 1", "\"idle\": 1"), ("\"negate\": false", "\"negate\": 0"),
        ("\"min\": 40", "\"min\": \"40\""),
        ("\"factor\": 0.01", "\"factor\": 0"), ("\"text_of\": \"serial\"", "\"text_of\": \"name\""),
        ("\"from\": 2", "\"from\": 32"), ("\"pad\": \"space\"", "\"pad\": \"blank\""),
        ("\"raised\": 2", "\"raised\": 2.5"), ("\"fault.cell\"", "\"fault\""),
        ("\"only_when\": \"one_pack\"", "\"only_when\": \"two_packs\""),
        ("\"per_pack\": true", "\"per_pack\": 1"),
        ("\"page\": { \"S\": 0 }", "\"page\": {}"), ("\"on\": \"poll\"", "\"on\": \"ask\""),
        ("\"spacing_ms\": 10", "\"spacing_ms\": 1001"), ("\"spacing_ms\"", "\"space_ms\""),
        ("\"while_forbidden\": \"actual\"", "\"while_forbidden\": \"lower\""),
        ("\"never_below_actual\": true", "\"never_below_actual\": 1"),
        ("\"never_below_actual\"", "\"never_below\""),
        ("\"charge_voltage\": \"actual\"", "\"charge_voltage\": \"keep\""),
        ("\"charge_voltage\": \"actual\", ", ""),
        ("\"limits\": \"zero_currents\"", "\"limits\": \"tenths\""),
        ("\"messages\": [\"Alive\"], ", ""),
        ("\"messages\"", "\"message\": \"Alive\", \"messages\""),
        ("\"data\": \"0B\", \"timeout_s\": 10", "\"data\": \"0\", \"timeout_s\": 10"),
        ("\"before\": \"stop\"", "\"before\": \"wait\""), ("\"equals\": 1, ", ""),
        ("\"action\": \"stop\"", "\"action\": \"off\""),
        ("\"title\": \"t\" } ],\n\"quirks\"", "\"title\": \"\" } ],\n\"quirks\""),
        ("\"when\": \"w\"", "\"when\": \"\""), (", \"changes\": { \"notes\": [\"m\"] }", ""),
        ("\"cycle_ms\": 500 } ]", "\"cycle_ms\": 500, \"answers\": \"Alive\" } ]"),
        ("\"timeout_reaction\": \"trip\"", "\"timeout_reaction\": \"stop\""),
        ("\"zero_currents\": \"stops\"", "\"zero_currents\": \"dumps\""),
        ("\"voltage\": [40, 60]", "\"voltage\": [40]"),
        ("\"voltage\": [40, 60]", "\"volts\": [40, 60]"),
        ("\"discharges\"", "\"empties\""),
        ("\"wants_all_lengths_8\": true", "\"wants_all_lengths_8\": 8"),
        ("\"speaks_to\": [\"X\"]", "\"speaks_to\": \"X\""),
        ("\"notes\": [\"n\"]", "\"notes\": [1]"),
        ("\"sources\": [\"none\"], ", ""),
        ("\"bit_rate\": 500000", "\"bit_rate\": 500000, \"other_bit_rates\": [1]"),
    ]

    @Test func `schema and loader take every word and refuse the same mistakes in them`() throws {
        var fixture = Self.words
        fixture.stop =
            "\"stop\": { \"limits\": \"zero_currents\", \"charge_voltage\": \"actual\", \"silence_after_s\": 60 }"
        let good = fixture.text
        #expect(fixture.faults == [])
        let documents = Self.wrongWords.map {
            good.replacing($0.old, with: $0.new, maxReplacements: 1)
        }
        let found = try SchemaJudge.verdicts("profile-v1", [good] + documents)
        #expect(found.count == documents.count + 1)
        #expect(found.first == "ok")
        for ((wrong, document), verdict) in zip(zip(Self.wrongWords, documents), found.dropFirst())
        {
            #expect(document != good, "\(wrong.old) is not in the profile")
            #expect(verdict != "ok", "the schema takes \(wrong.new)")
            #expect(throws: CANProfileError.self, "the loader takes \(wrong.new)") {
                try CANProfile.load(
                    profile: Array(document.utf8), layout: Array(fixture.layout.utf8), name: "x")
            }
        }
    }

    @Test func `the schema lists exactly the values and alarms that exist`() throws {
        let good = try String(contentsOfFile: Self.folder + "/profile.json", encoding: .utf8)
        let values = BankValue.allCases.map {
            good.replacing("\"value\": \"voltage\"", with: "\"value\": \"\($0.name)\"")
        }
        #expect(try SchemaJudge.verdicts("profile-v1", values) == values.map { _ in "ok" })
        let text = try String(contentsOfFile: Self.schema, encoding: .utf8)
        let list = try #require(text.firstMatch(of: /"enum": \[\s*"voltage"/)?.range)
        let names = text[list.lowerBound...].prefix { $0 != "]" }.split(separator: "\"")
        let listed = names.filter { $0.contains { $0.isLetter } && $0 != "enum" }.map(String.init)
        #expect(listed == BankValue.allCases.map(\.name))
    }
}
