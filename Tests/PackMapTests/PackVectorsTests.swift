import Bank
import Foundation
import PackMap
import TestKit
import Testing

/// Maps and vectors of the shipped set, by id.
enum ShippedSet {
    static let maps: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(
            atPath: Repository.profileSet + "/packs")
        return (files ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
            .sorted()
    }()

    static func text(_ folder: String, _ id: String) throws -> String {
        try String(
            contentsOfFile: Repository.profileSet + "/\(folder)/\(id).json", encoding: .utf8)
    }

    static func map(_ id: String) throws -> PackMap {
        try load(text("packs", id), id)
    }

    /// A document of the set, changed or not; what it extends comes from the set.
    static func load(_ text: String, _ id: String) throws(PackMapError) -> PackMap {
        try PackMap.load(Array(text.utf8), name: id) { base in
            (try? Self.text("packs", base)).map { Array($0.utf8) }
        }
    }

    static func vectors(_ id: String) throws -> PackVectors {
        try PackVectors.load(Array(text("vectors/packs", id).utf8), name: id)
    }
}

@Suite struct PackVectorsTests {
    @Test func `the set holds the maps this suite was written for`() {
        #expect(ShippedSet.maps.contains("pace-v1.3") && ShippedSet.maps.contains("seplos-v3"))
    }

    @Test(arguments: ShippedSet.maps)
    func `every vector of a map passes`(id: String) throws {
        let map = try ShippedSet.map(id)
        #expect(map.id == id)
        #expect(try ShippedSet.vectors(id).failures(in: map) == [])
    }

    /// A map may not promise what no exchange proves.
    @Test(arguments: ShippedSet.maps)
    func `every value, text and flag bit of a map is proved`(id: String) throws {
        let map = try ShippedSet.map(id)
        var texts: Set<String> = []
        var flags: Set<String> = []
        for vector in try ShippedSet.vectors(id).vectors {
            guard case .values(let values) = vector.outcome else { continue }
            for (name, expected) in values {
                switch expected {
                case .text: texts.insert(name)
                case .flags(let words): flags.formUnion(words.map { "\(name) \($0)" })
                case .unknown: continue
                }
            }
        }
        // A counted layout has places for more than a usual pack; those need no proof each.
        for row in map.plan.values where isUsual(row.target, map) {
            #expect(texts.contains(name(of: row.target)))
        }
        for row in map.plan.computed { #expect(texts.contains(name(of: .signal(row.target)))) }
        for row in map.plan.texts { #expect(texts.contains("\(row.field)")) }
        for (word, row) in map.plan.flags.enumerated() {
            for rule in map.plan.rules[Int(row.firstRule)...].prefix(Int(row.ruleCount)) {
                #expect(flags.contains("\(map.flagNames[word]) \(rule.meaning.words)"))
            }
        }
    }

    private func isUsual(_ target: ValueTarget, _ map: PackMap) -> Bool {
        switch target {
        case .signal: true
        case .cell(let index): Int(index) < map.cellCount
        case .probe(let index): Int(index) < map.probeCount
        }
    }

    private func name(of target: ValueTarget) -> String {
        switch target {
        case .cell(let index): "cell \(index + 1)"
        case .probe(let index): "probe \(index + 1)"
        case .signal(let signal):
            MapWords.signals.first { $0.signal == signal }?.name ?? "\(signal)"
        }
    }

    /// Moves, scales and renames every entry in turn; the vectors are worth what they notice.
    @Test(arguments: ShippedSet.maps)
    func `a map with one wrong entry fails its vectors`(id: String) throws {
        let text = try ShippedSet.text("packs", id)
        let vectors = try ShippedSet.vectors(id)
        // A map that extends another may say next to nothing itself.
        let isWhole = !text.contains("\"extends\":")
        let body = text.range(of: "\"signals\": {")?.lowerBound
        let end = text.range(of: "\"plausibility\": {")?.lowerBound ?? text.endIndex
        guard let body, body < end else {
            #expect(!isWhole)
            return
        }
        var changed = 0
        let entries = text[body..<end].matches(
            of:
                /"(at|byte|scale|divide|offset|type|count|not_available)": (.+?)[,}\n]|"(warning|protection|fault|state)\.[a-z_]+"/
        )
        for entry in entries {
            // Where the pack tells how many there are, `count` is only what the simulator plays.
            if entry.output.1 == "count", Self.isCounted(text[entry.range.upperBound..<end]) {
                continue
            }
            var wrong = text
            if let key = entry.output.1, let value = entry.output.2 {
                let isCoil = text[..<entry.range.lowerBound].hasSuffix("\"coils\": true, ")
                let other = Self.other(String(value), for: key, step: isCoil ? 8 : 1)
                wrong.replaceSubrange(value.startIndex..<value.endIndex, with: other)
            } else {
                let isMemory = entry.output.0 == "\"warning.memory\""
                wrong.replaceSubrange(
                    entry.range, with: isMemory ? "\"fault.memory\"" : "\"warning.memory\"")
            }
            changed += 1
            guard let map = try? ShippedSet.load(wrong, id) else { continue }
            #expect(!vectors.failures(in: map).isEmpty, "\(entry.output.0)")
        }
        #expect(changed >= (isWhole ? 15 : 1))
    }

    /// Whether the entry of a run that goes on here says `counted_by`.
    private static func isCounted(_ rest: Substring) -> Bool {
        let stop = rest.firstRange(of: /"(probes|flags|texts)":/)?.lowerBound ?? rest.endIndex
        return rest[..<stop].contains("\"counted_by\"")
    }

    /// A near miss of an entry: the next address, another scale, the other sign rule.
    private static func other(_ value: String, for key: Substring, step: Int) -> String {
        switch key {
        case "scale": return value == "0.5" ? "0.25" : "0.5"
        case "divide": return "7"
        case "type": return value == "\"i16\"" ? "\"u16\"" : "\"i16\""
        case "not_available": return "[9]"
        case "count": return String((Int(value) ?? 2) - 1)
        default:
            let digits = value.replacing("\"", with: "")
            guard digits.hasPrefix("0x"), let number = Int(digits.dropFirst(2), radix: 16) else {
                return String((Int(digits) ?? 0) + step)
            }
            return String(number + step)
        }
    }

    @Test func `a difference names the vector, the value, what was found and what was expected`()
        throws
    {
        let text = try ShippedSet.text("vectors/packs", "pace-v1.3").replacing(
            "\"52.600 V\"", with: "\"52.6 V\""
        ).replacing(
            "\"state_of_health\": \"100.00 %\"", with: "\"power\": \"1 W\""
        ).replacing("\"exception\": 2", with: "\"exception\": 4").replacing(
            "\"warnings\": [], \"protections\": [], \"status\": [], \"balancing\": []",
            with: "\"status\": [\"state.full\"]"
        ).replacing("while waiting for unit 1", with: "while waiting for unit 7").replacing(
            "\"mosfet_temperature\": \"41.5 °C\"", with: "\"mosfet_temperature\": null")
        let failures = try PackVectors.load(Array(text.utf8), name: "v").failures(
            in: ShippedSet.map("pace-v1.3"))
        #expect(
            failures == [
                "vector 'live block through line noise': 'voltage' is '52.600 V', expected '52.6 V'",
                "vector 'live block through line noise': 'power' expected, the map reads no such value here",
                "vector 'another protocol is set, the live block is refused': expected exception 4, found exception 2 (illegal data address)",
                "vector 'another protocol is set, the flags answer': 'status' says none, expected state.full",
                "vector 'cells and probes, below zero too': 'mosfet_temperature' is '41.5 °C', expected to be unknown",
                "vector 'a neighbour answers': expected no reply because 'reply from unit 2 while waiting for unit 7', found: reply from unit 2 while waiting for unit 1",
            ])
    }

    @Test func `the pack of the article loads and passes its vectors`() throws {
        let path = "\(Repository.root)/Sources/PackMap/PackMap.docc/AddingAPack.md"
        let article = try String(contentsOfFile: path, encoding: .utf8)
        let documents = article.matches(of: /```json\n((?s:.)*?)```/).map {
            Array($0.output.1.utf8)
        }
        try #require(documents.count == 2)
        let map = try PackMap.load(documents[0], name: "acme-l16")
        let vectors = try PackVectors.load(documents[1], name: "acme-l16")
        #expect(vectors.vectors.count == 4)
        #expect(vectors.failures(in: map) == [])
    }

    @Test func `vectors of another map are not held against this one`() throws {
        let vectors = try ShippedSet.vectors("pace-v1.3")
        #expect(
            try vectors.failures(in: ShippedSet.map("seplos-v3")) == [
                "vectors of map 'pace-v1.3', found map 'seplos-v3'"
            ])
    }

    @Test func `all faults of a document of vectors come at once`() {
        let text = """
            { "schema": "amphora/pack-vectors/v1", "map": "m", "vectors": [
              { "name": "a", "origin": "guess", "source": "s", "request": "01 0", "reply": "01",
                "dropped": true },
              { "name": "a", "origin": "vendor", "source": "s", "request": "01",
                "reply": ["01", "0G"], "values": { "voltage": 52.6 }, "exception": 2 },
              { "name": "b", "origin": "vendor", "source": "s", "request": "01", "reply": "02" }
            ] }
            """
        let error = #expect(throws: PackMapError.self) {
            try PackVectors.load(Array(text.utf8), name: "v")
        }
        #expect(
            error?.description == """
                pack vectors 'v': line 2: 'vectors[0].origin' is 'guess', allowed 'capture', 'vendor', 'computed'
                pack vectors 'v': line 2: 'vectors[0].request' is no row of hex pairs such as '01 03 FF'
                pack vectors 'v': line 5: 'vectors[1].reply' is no row of hex pairs such as '01 03 FF'
                pack vectors 'v': line 5: 'vectors[1].values.voltage' is neither a text, nor a list of flags, nor null
                pack vectors 'v': line 4: 'vectors[1].name' expects one of 'values', 'dropped', 'exception' and 'refused', found 2
                pack vectors 'v': line 4: 'vectors[1].name' is 'a' twice
                pack vectors 'v': line 6: 'vectors[2].name' expects one of 'values', 'dropped', 'exception' and 'refused', found 0
                """)
    }
}
