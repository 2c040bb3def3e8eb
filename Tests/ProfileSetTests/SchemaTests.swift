import CANProfile
import ProfileSet
import TestKit
import Testing

/// The contracts for vectors, sets and foreign frames against their loaders.
@Suite struct SchemaTests {
    typealias Mistake = (old: String, new: String)

    /// The schema takes the good document, and both refuse it with each mistake in it.
    private func compare(
        _ schema: String, _ good: String, _ mistakes: [Mistake], load: (String) throws -> Void
    ) throws {
        let documents = mistakes.map { good.replacing($0.old, with: $0.new, maxReplacements: 1) }
        let found = try SchemaJudge.verdicts(schema, [good] + documents)
        #expect(found.count == documents.count + 1)
        #expect(found.first == "ok")
        #expect(throws: Never.self) { try load(good) }
        for ((mistake, document), verdict) in zip(zip(mistakes, documents), found.dropFirst()) {
            #expect(document != good, "\(mistake.old) is not in the document")
            #expect(verdict != "ok", "the schema takes \(mistake.new)")
            #expect(throws: (any Error).self, "the loader takes \(mistake.new)") {
                try load(document)
            }
        }
    }

    private static let vectors = """
        { "schema": "amphora/profile-vectors/v1", "profile": "p", "vectors": [
          { "name": "sent", "origin": "computed", "source": "s", "quirks": ["q"], "stop": true,
            "state": { "values": { "voltage": 52.1, "stopped": 0 }, "warnings": ["cell_overvoltage"],
              "protections": [], "faults": ["cell"], "serial": "AB", "gateway": "hut",
              "packs": [ { "values": { "pack_voltage": 52.1 }, "serial": "AB", "warnings": [] } ] },
            "frames": ["351#0102", "00000351#"], "withheld": ["Alarms"] },
          { "name": "read", "origin": "vendor", "source": "s", "frame": "356#0102",
            "signals": { "Voltage": "52.1 V" } },
          { "name": "heard", "origin": "capture", "source": "s", "received": ["305#00"],
            "inverter": { "keep_alive": true, "command": null } } ] }
        """

    private static let wrongVectors: [Mistake] = [
        ("vectors/v1", "vectors/v2"), ("\"profile\": \"p\", ", ""),
        ("\"vectors\": [", "\"vector\": ["),
        ("\"name\": \"sent\", ", ""), ("\"computed\"", "\"guessed\""),
        ("\"source\": \"s\", \"quirks\"", "\"source\": \"\", \"quirks\""), ("[\"q\"]", "[1]"),
        ("\"stop\": true", "\"stop\": 1"), ("\"voltage\": 52.1", "\"volts\": 52.1"),
        ("\"voltage\": 52.1", "\"voltage\": \"52.1\""),
        ("\"voltage\": 52.1", "\"pack_voltage\": 52.1"),
        ("\"warnings\": [\"cell_overvoltage\"]", "\"warnings\": [\"Cell\"]"),
        ("\"faults\": [\"cell\"]", "\"faults\": \"cell\""),
        ("\"gateway\": \"hut\"", "\"gateway\": 5"),
        ("\"gateway\": \"hut\"", "\"gate\": \"hut\""),
        (
            "\"serial\": \"AB\", \"gateway\"",
            "\"serial\": \"123456789012345678901234567890123\", \"gateway\""
        ),
        ("{ \"pack_voltage\": 52.1 }", "{ \"voltage\": 52.1 }"), ("351#0102", "351#012"),
        ("351#0102", "351"), ("[\"Alarms\"]", "\"Alarms\""), (", \"frame\": \"356#0102\"", ""),
        ("\"signals\": { \"Voltage\": \"52.1 V\" }", "\"signals\": {}"), ("\"52.1 V\"", "52.1"),
        ("\"received\": [\"305#00\"],", "\"received\": [\"305#00\"], \"frame\": \"305#00\","),
        ("\"keep_alive\": true", "\"keep_alive\": 1"), ("\"command\": null", "\"command\": \"go\""),
        ("\"keep_alive\": true, \"command\": null", ""), ("[\"305#00\"]", "[]"),
        ("\"frame\": \"356#0102\"", "\"frame\": \"356#0102\", \"stop\": true"),
        ("\"frame\": \"356#0102\"", "\"frame\": \"356#0102\", \"withheld\": []"),
    ]

    @Test func `schema and loader refuse the same vectors`() throws {
        try compare("profile-vectors-v1", Self.vectors, Self.wrongVectors) {
            _ = try ProfileVectors.load(Array($0.utf8), name: "p")
        }
    }

    private static let foreign = """
        { "schema": "amphora/foreign-traffic/v1", "entries": [
          { "id": "0x151", "data": "01 ?? 0A", "name": "n", "advice": "a" },
          { "id": 419385573, "extended": true, "name": "m", "advice": "b" } ] }
        """

    private static let wrongForeign: [Mistake] = [
        ("traffic/v1", "traffic/v2"), ("\"entries\"", "\"entry\""), ("\"id\": \"0x151\", ", ""),
        ("\"0x151\"", "true"), ("\"0x151\"", "\"0x15G\""), ("\"0x151\"", "\"0x800\""),
        ("\"0x151\"", "\"0x+51\""), ("\"0x151\"", "-1"),
        ("\"0x151\"", "2048"),
        ("419385573", "536870912"), ("\"extended\": true", "\"extended\": 1"),
        ("01 ?? 0A", "01 ? 0A"), ("01 ?? 0A", ""), ("01 ?? 0A", "01 02 03 04 05 06 07 08 09"),
        ("\"name\": \"n\"", "\"name\": \"\""), (", \"advice\": \"a\"", ""),
        ("\"advice\": \"a\"", "\"advices\": \"a\""),
    ]

    @Test func `schema and loader refuse the same foreign frames`() throws {
        try compare("foreign-traffic-v1", Self.foreign, Self.wrongForeign) {
            _ = try ForeignFrames.load(Array($0.utf8), name: "foreign.json")
        }
    }

    private static let wrongSets: [Mistake] = [
        ("profile-set/v1", "profile-set/v2"), ("\"id\": \"base\"", "\"id\": \"Base\""),
        ("\"version\": \"1.2.3\"", "\"version\": \"1.2\""),
        ("\"version\": \"1.2.3\"", "\"version\": \"01.2.3\""),
        ("\"release\": 4", "\"release\": 0"), ("\"release\": 4", "\"releases\": 4"),
        ("\"format\": 1", "\"format\": 2"), ("\"least_runtime\": \"0.1.0\", ", ""),
        ("\"least_runtime\": \"0.1.0\"", "\"least_runtime\": 1"),
        ("\"hardware\": [\"A\"]", "\"hardware\": \"A\""),
        ("\"hardware\": [\"A\"]", "\"hardware\": [\"\"]"),
        ("\"hardware\": [\"A\"]", "\"hardware\": [\"A\", \"A\"]"),
        ("\"bytes\": ", "\"byte\": "), ("\"bytes\": ", "\"bytes\": -"),
        ("\"sha256\": \"", "\"sha256\": \"G"),
        ("\"packs/pace-v1.3.json\"", "\"packs/pace.txt\""),
        ("\"packs/pace-v1.3.json\"", "\"set.json\""),
        ("\"seal\": \"", "\"seal\": \"X"), ("\"seal\"", "\"seals\""),
    ]

    @Test func `schema and loader refuse the same set documents`() throws {
        var fixture = try SetFixture()
        var request = SealRequest()
        (request.id, request.version, request.release) = ("base", SemanticVersion(1, 2, 3), 4)
        try fixture.replace("set.json", "\"hardware\": []", with: "\"hardware\": [\"A\"]")
        try fixture.seal(request)
        let sealed = fixture
        let good = fixture.text("set.json").split(separator: "\n").map {
            $0.drop { $0 == " " }
        }.joined(separator: " ")
        try compare("profile-set-v1", good, Self.wrongSets) {
            var set = sealed
            set.files["set.json"] = Array($0.utf8)
            _ = try set.load()
        }
    }
}
