import StrictJSON

extension PackVectors {
    /// Reads a document of vectors; throws one error with every fault in it.
    package static func load(
        _ bytes: [UInt8], name: String
    ) throws(PackMapError) -> PackVectors {
        let item: JSONItem
        do {
            item = try JSONParser.parse(bytes)
        } catch {
            throw PackMapError(
                document: "pack vectors", name: name, faults: [error.description])
        }
        let faults = FaultList()
        let loaded = read(JSONSection(item, path: "", faults: faults))
        guard faults.faults.isEmpty else {
            throw PackMapError(
                document: "pack vectors", name: name, faults: faults.faults.map(\.description))
        }
        return loaded
    }

    private static func read(_ document: JSONSection) -> PackVectors {
        var root = document
        _ = root.word("schema", [("amphora/pack-vectors/v1", true)])
        let map = root.requiredString("map")
        let base = UInt16(root.integer("base_address", in: 0...0xFFFF) ?? 0)
        let vectors = root.distinct("vectors", by: "name", read: readVector)
        root.finish()
        return PackVectors(map: map, baseAddress: base, vectors: vectors)
    }

    private static func readVector(_ document: JSONSection) -> Vector {
        var section = document
        let vector = Vector(
            name: section.requiredString("name"), line: section.line,
            origin: section.word("origin", Origin.allCases.map { ($0.rawValue, $0) }) ?? .computed,
            source: section.requiredString("source"), request: readHex("request", &section),
            reply: readHex("reply", &section), outcome: readOutcome(&section))
        section.finish()
        return vector
    }

    /// Pairs of hex digits; long ones as a list of lines.
    private static func readHex(_ key: String, _ section: inout JSONSection) -> [UInt8] {
        var lines: [String] = []
        if case .array? = section.item(key)?.value {
            lines = section.strings(key)
        } else {
            lines = [section.requiredString(key)]
        }
        guard let bytes = bytes(hex: lines.joined(separator: " ")) else {
            section.fault(key, "is no row of hex pairs such as '01 03 FF'")
            return []
        }
        return bytes
    }

    /// The bytes of `01 03 FF` or `0103FF`; nil for anything else.
    package static func bytes(hex text: String) -> [UInt8]? {
        let digits = text.utf8.filter { $0 != 0x20 }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }

    private static func readOutcome(_ section: inout JSONSection) -> Outcome {
        var found: [Outcome] = []
        if let values = section.section("values") { found.append(.values(readValues(values))) }
        if section.bool("dropped", default: false) { found.append(.dropped) }
        if let code = section.integer("exception", in: 1...255) {
            found.append(.exception(UInt8(code)))
        }
        if let sentence = section.string("refused") { found.append(.refused(sentence)) }
        if found.count != 1 {
            section.fault(
                "name",
                "expects one of 'values', 'dropped', 'exception' and 'refused', "
                    + "found \(found.count)")
        }
        return found.first ?? .dropped
    }

    private static func readValues(_ document: JSONSection) -> [(name: String, expected: Expected)]
    {
        var section = document
        let names = section.names()
        if names.isEmpty {
            section.faults.add(line: section.line, "'\(section.path)' is empty, expected values")
        }
        return names.compactMap { name in
            switch section.item(name)?.value {
            case .string(let text): return (name, .text(text))
            case .null: return (name, .unknown)
            case .array: return (name, .flags(Set(section.strings(name))))
            default:
                section.fault(name, "is neither a text, nor a list of flags, nor null")
                return nil
            }
        }
    }
}
