import Bank
import CANProfile
import Foundation
import TestKit
import Testing

/// The contract for people and editors against the loader; jsonschema for Python is the judge.
@Suite struct ProfileSchemaTests {
    private static let schema = Repository.root + "/Schemas/profile-v1.schema.json"
    private static let folder = Repository.profileSet + "/inverters/pylontech-lv-1.2"

    /// Prints `ok` or the first fault for each line of the file, which is one document.
    private static let judge = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for line in open(sys.argv[2]):
            print(next((e.message[:200] for e in validator.iter_errors(json.loads(line))), "ok"))
        """

    private func verdicts(_ documents: [String]) throws -> [String] {
        let python = try Peers.python(importing: "jsonschema")
        let folder = try TemporaryDirectory("schema")
        try documents.map { $0.replacing("\n", with: " ") }.joined(separator: "\n").write(
            toFile: folder.file("documents"), atomically: true, encoding: .utf8)
        let run = try ChildProcess(
            python, ["-c", Self.judge, Self.schema, folder.file("documents")])
        let status = try run.waitForExit(within: 60_000)
        try #require(status == .exited(0), "\(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

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
        let found = try verdicts([good] + documents)
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

    @Test func `the schema lists exactly the values and alarms that exist`() throws {
        let good = try String(contentsOfFile: Self.folder + "/profile.json", encoding: .utf8)
        let values = BankValue.allCases.map {
            good.replacing("\"value\": \"voltage\"", with: "\"value\": \"\($0.name)\"")
        }
        #expect(try verdicts(values) == values.map { _ in "ok" })
        let text = try String(contentsOfFile: Self.schema, encoding: .utf8)
        let list = try #require(text.firstMatch(of: /"enum": \[\s*"voltage"/)?.range)
        let names = text[list.lowerBound...].prefix { $0 != "]" }.split(separator: "\"")
        let listed = names.filter { $0.contains { $0.isLetter } && $0 != "enum" }.map(String.init)
        #expect(listed == BankValue.allCases.map(\.name))
    }
}
