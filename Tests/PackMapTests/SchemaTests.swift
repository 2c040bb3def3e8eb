import Bank
import Foundation
import PackMap
import TestKit
import Testing

/// The contracts in `Schemas` against the loaders; jsonschema for Python is the judge.
@Suite struct SchemaTests {
    /// Prints one line for each document: `ok`, or what the schema has against it.
    private static let judge = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for path in sys.argv[2:]:
            print(next((e.message[:200] for e in validator.iter_errors(json.load(open(path)))), "ok"))
        """

    private func verdicts(_ schema: String, _ documents: [String]) throws -> [String] {
        let python = try Peers.python(importing: "jsonschema")
        let run = try ChildProcess(
            python,
            ["-c", Self.judge, "\(Repository.root)/Schemas/\(schema).schema.json"] + documents)
        let status = try run.waitForExit(within: 60_000)
        try #require(status == .exited(0), "\(run.errors)")
        return run.output.split(separator: "\n").map(String.init)
    }

    @Test func `every map and every document of vectors keeps its schema`() throws {
        for (folder, schema) in [("packs", "pack-map-v1"), ("vectors/packs", "pack-vectors-v1")] {
            let files = ShippedSet.maps.map { "\(Repository.profileSet)/\(folder)/\($0).json" }
            #expect(try verdicts(schema, files) == files.map { _ in "ok" })
        }
    }

    /// Each pair is found in the map and replaced; the result is wrong.
    static let wrongMaps: [(old: String, new: String)] = [
        ("\"gap_ms\": 100", "\"gap\": 100"), ("\"baud\": 9600, ", ""),
        ("\"parity\": \"none\"", "\"parity\": \"mark\""),
        ("\"confidence\": \"vendor\"", "\"confidence\": \"sure\""),
        ("\"count\": 13", "\"count\": 5000"), ("\"count\": 13", "\"count\": 12.5"),
        ("\"function\": 3, \"address\": 15", "\"function\": 6, \"address\": 15"),
        ("\"address\": 150", "\"address\": \"150h\""),
        ("\"once\": true", "\"once\": true, \"every\": 2"),
        ("\"voltage\": { \"at\": 1, \"scale\": 0.01 },", ""),
        ("\"cycles\": { \"at\": 7 }", "\"cycle\": { \"at\": 7 }"),
        ("\"scale\": 0.01", "\"scale\": 0"), ("\"scale\": 0.01", "\"scale\": \"0.01\""),
        ("\"type\": \"i16\"", "\"type\": \"int\""),
        ("\"cells\": { \"at\": 15, \"count\": 16", "\"cells\": { \"at\": 15, \"count\": 33"),
        ("\"name\": \"warnings\", ", ""), ("\"4\": \"fault.cell\"", "\"16\": \"fault.cell\""),
        ("\"4\": \"fault.cell\"", "\"4\": \"fault.cel\""),
        ("\"4\": \"fault.cell\"", "\"4\": \"fault.pack_silent\""),
        ("\"4\": \"fault.cell\"", "\"4\": \"state.cell\""),
        ("\"registers\": 10", "\"registers\": 61"),
        ("\"action\": \"drop_block\"", "\"action\": \"drop\""),
        ("\"charge_current_a\": 50", "\"charge_current_a\": 5000"),
        ("\"published_by_pack\": false", "\"published_by_pack\": 0"),
        ("\"forbidden_writes\": [", "\"forbidden_writes\": [ 60,"),
        ("\"schema\": \"amphora/pack-map/v1\"", "\"schema\": \"amphora/pack-map/v2\""),
    ]

    @Test func `schema and loader refuse the same maps`() throws {
        let good = try ShippedSet.text("packs", "pace-v1.3")
        let folder = try TemporaryDirectory("maps")
        var files: [String] = []
        for (index, wrong) in Self.wrongMaps.enumerated() {
            let place = try #require(good.range(of: wrong.old), "\(wrong.old)")
            let text = good.replacingCharacters(in: place, with: wrong.new)
            #expect(throws: PackMapError.self, "\(wrong)") {
                try PackMap.load(Array(text.utf8), name: "m")
            }
            files.append(folder.file("\(index).json"))
            try text.write(toFile: files[index], atomically: false, encoding: .utf8)
        }
        for (wrong, verdict) in zip(Self.wrongMaps, try verdicts("pack-map-v1", files)) {
            #expect(verdict != "ok", "\(wrong)")
        }
    }

    @Test func `the schema takes every word, and maps that extend others`() throws {
        let folder = try TemporaryDirectory("words")
        let texts =
            InverseTests.maps + [
                RefusalTests.change,
                SmallMap.text(
                    head: """
                        "notes": ["n"], "addressing": { "step": 1, "relative": true },
                        "line": { "baud": 9600, "most_registers": 32, "retries": 0 },
                        "units": { "first": 1, "last": 15, "reserved": [0], "bank": [1] },
                        "wake_ms": [1000, 2000],
                        """,
                    more: """
                        "plausibility": { "voltage": { "jump": 2.5, "jump_s": 5 } },
                        "cells": { "at": "0x64", "count": 2, "most": 4, "stride": 2 }
                        """),
            ]
        var files: [String] = []
        for (index, text) in texts.enumerated() {
            files.append(folder.file("\(index).json"))
            try text.write(toFile: files[index], atomically: false, encoding: .utf8)
        }
        #expect(try verdicts("pack-map-v1", files) == texts.map { _ in "ok" })
    }

    /// What depends on another place of a document only the loader can know.
    @Test func `the schema refuses the wrong words that stand alone`() throws {
        let folder = try TemporaryDirectory("wrong")
        let alone = [
            "allowed 65…127", "is not known here", "allowed 1…244", "hex pairs", "allowed 8…64",
            "expected a range and a reason", "'equals' is missing", "stands beside",

            "exactly one of them", "stands without", "allowed 1…60000", "is empty, expected runs",
            "is not for one of several runs", "allowed 1…1000000000",
        ]
        var files: [String] = []
        var kept: [String] = []
        for wrong in RefusalTests.cases where alone.contains(where: { wrong.fault.contains($0) }) {
            kept.append(wrong.fault)
            files.append(folder.file("\(files.count).json"))
            try wrong.text.write(
                toFile: files[files.count - 1], atomically: false, encoding: .utf8)
        }
        #expect(files.count >= alone.count - 1)
        let found = try verdicts("pack-map-v1", files)
        #expect(found.count == files.count)
        let passed = zip(kept, found).filter { $1 == "ok" }.map { $0.0 }
        #expect(passed == [])
    }

    @Test func `the schema knows the same words as the loader`() throws {
        let path = "\(Repository.root)/Schemas/pack-map-v1.schema.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let definitions = try #require(document["$defs"] as? [String: [String: Any]])
        let signals = definitions["signal"]?["enum"] as? [String]
        #expect(signals == MapWords.signals.map(\.name))
        let patterns = try #require(definitions["meaning"]?["anyOf"] as? [[String: String]])
        let alarms = MapWords.alarms.map(\.code).joined(separator: "|")
        let states = MapWords.states.map(\.name).joined(separator: "|")
        #expect(
            patterns.map { $0["pattern"] } == [
                "^(warning|protection|fault)\\.(\(alarms))$", "^state\\.(\(states))$",
            ])
    }
}
