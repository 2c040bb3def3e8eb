import CANProfile
import ProfileSet
import TestKit
import Testing

@Suite struct ProfileVectorsTests {
    private let fixture: SetFixture
    private let profile: CANProfile

    init() throws {
        fixture = try SetFixture()
        profile = try #require(try fixture.load().profiles["pylontech-lv-1.2"])
    }

    private func failures(_ vector: String) throws -> [String] {
        let text = """
            { "schema": "amphora/profile-vectors/v1", "profile": "p", "vectors": [
              { "name": "v", "origin": "computed", "source": "s", \(vector) } ] }
            """
        let profile = profile
        return try ProfileVectors.load(Array(text.utf8), name: "v").vectors[0].failures {
            (_) throws(CANProfileError) in profile
        }
    }

    private let state =
        "\"state\": { \"values\": { \"packs_online\": 1, \"state_of_charge\": 50, \"state_of_health\": 100 } }"

    @Test func `frames are compared in number, order and content`() throws {
        #expect(
            try failures("\(state), \"frames\": [\"359#0000000001504E\", \"35E#50594C4F4E202020\"]")
                == [
                    "frame 2 is 355#32006400 ('State'), expected 35E#50594C4F4E202020",
                    "frame 3 is 35E#50594C4F4E202020 ('Manufacturer'), expected no frame",
                ])
        #expect(
            try failures(
                "\(state), \"frames\": [\"359#0000000001504E\", \"355#32006400\", \"35E#50594C4F4E202020\", \"35C#0000\"]"
            ) == ["frame 4 is no frame, expected 35C#0000"])
    }

    @Test func `a withheld message that is sent or unknown is a difference`() throws {
        let frames =
            "\"frames\": [\"359#0000000001504E\", \"355#32006400\", \"35E#50594C4F4E202020\"]"
        #expect(
            try failures("\(state), \(frames), \"withheld\": [\"Limits\", \"State\", \"Status\"]")
                == [
                    "'State' is sent, expected to be withheld",
                    "'Status' is withheld, but the profile has no such message",
                ])
    }

    @Test func `stop applies the profile's rule before encoding`() throws {
        let values =
            "\"state\": { \"values\": { \"packs_online\": 2, \"charge_enabled\": 1, \"discharge_enabled\": 1, \"force_charge\": 1, \"full_charge_request\": 1 } }"
        #expect(
            try failures(
                "\(values), \"stop\": true, \"frames\": [\"359#0000000802504E\", \"35C#0000\", \"35E#50594C4F4E202020\"]"
            ) == [])
    }

    @Test func `a decoded signal has exactly the text it prints`() throws {
        #expect(
            try failures(
                "\"frame\": \"356#BE14F9FF8C00\", \"signals\": { \"Voltage\": \"53.10 V\", \"Current\": \"-0.7 A\", \"Temperature\": \"14 degC\", \"Power\": \"1 W\" }"
            ) == [
                "'Temperature' is '14.0 degC', expected '14 degC'",
                "'Power' expected, the frame carries no such signal",
            ])
        #expect(
            try failures("\"frame\": \"123#00\", \"signals\": { \"A\": \"1\" }")
                == ["123#00 is unknown to the profile"])
    }

    @Test func `what the inverter sends is held against its meaning`() throws {
        #expect(
            try failures("\"received\": [\"305#00\"], \"inverter\": { \"keep_alive\": false }")
                == ["a keep-alive was found, expected none"])
        #expect(
            try failures("\"received\": [\"306#00\"], \"inverter\": { \"keep_alive\": true }")
                == ["no keep-alive was found, expected one"])
        #expect(
            try failures("\"received\": [\"306#00\"], \"inverter\": { \"command\": \"stop\" }")
                == ["the inverter's command is 'none', expected 'stop'"])
        #expect(
            try failures("\"received\": [\"306#00\"], \"inverter\": { \"command\": null }") == [])
    }

    @Test func `all faults of a document of vectors come at once`() {
        let text = """
            { "schema": "amphora/profile-vectors/v1", "profile": "p", "vectors": [
              { "name": "a", "origin": "guess", "source": "s", "frame": "3510102" },
              { "name": "a", "origin": "vendor", "source": "s",
                "state": { "values": { "volts": 1 } } },
              { "name": "b", "origin": "vendor", "source": "s", "received": [], "inverter": {} },
              { "name": "c", "origin": "vendor", "source": "s",
                "state": {}, "frame": "351#00", "signals": { "A": 1 } }
            ] }
            """
        let error = #expect(throws: ProfileSetError.self) {
            try ProfileVectors.load(Array(text.utf8), name: "v.json")
        }
        let faults = error?.faults.map(\.description) ?? []
        let expected = [
            "v.json, line 2: 'vectors[0].origin' is 'guess', allowed 'capture', 'vendor', 'computed'",
            "v.json, line 2: 'vectors[0].frame' contains '3510102': ",
            "v.json, line 2: 'vectors[0].signals' is missing or empty, expected at least one signal",
            "v.json, line 4: in the state: 'values.volts' is no bank value, allowed voltage",
            "v.json, line 3: 'vectors[1].frames' is missing, expected the frames of one cycle",
            "v.json, line 3: 'vectors[1].name' is 'a' twice",
            "v.json, line 5: 'vectors[2].received' has no frame",
            "v.json, line 5: 'vectors[2].inverter' expects 'keep_alive', 'command' or both",
            "v.json, line 6: 'vectors[3].frames' is missing, expected the frames of one cycle",
            "v.json, line 7: 'vectors[3].signals.A' is a number, expected a text",
            "v.json, line 7: 'vectors[3].signals' is missing or empty, expected at least one signal",
            "v.json, line 6: 'vectors[3].name' expects one of 'state', 'frame' and 'received', found 2",
        ]
        #expect(faults.count == expected.count)
        for (found, wanted) in zip(faults, expected) {
            #expect(found.hasPrefix(wanted), "\(found)")
        }
    }

    /// Changes each entry of the profile in turn; the vectors are worth what they notice.
    @Test func `a profile with one wrong entry is refused`() throws {
        let path = "inverters/pylontech-lv-1.2/profile.json"
        let text = fixture.text(path)
        let body = try #require(text.range(of: "\"frames\": [")).lowerBound
        let end = try #require(text.range(of: "\"keep_alive\"")).lowerBound
        let entries = text[body..<end].matches(
            of: /"((warning|protection|fault)\.[a-z_]+)"|"value": "([a-z_]+)"|"constant": ([0-9]+)/)
        #expect(entries.count > 60)
        for entry in entries {
            var wrong = text
            let other: String
            if entry.output.1 != nil {
                other = "\"warning.memory\""
            } else if let value = entry.output.3 {
                other = "\"value\": \"\(value == "cycles" ? "voltage" : "cycles")\""
            } else {
                other = "\"constant\": 1"
            }
            wrong.replaceSubrange(entry.range, with: other)
            var damaged = fixture
            damaged.files[path] = Array(wrong.utf8)
            #expect(!damaged.documentFaults().isEmpty, "\(entry.output.0)")
        }
    }
}
