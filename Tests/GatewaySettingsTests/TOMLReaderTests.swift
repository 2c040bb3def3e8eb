import Foundation
import Testing

@testable import GatewaySettings

@Suite struct TOMLReaderTests {
    private func message(_ text: String) -> String {
        do {
            _ = try TOMLReader.read(Array(text.utf8))
            return "read"
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("[=]", "line 1, column 2: expected a table name after '[', found '='"),
        ("a = ,", "line 1, column 5: expected a value, found ','"),
        ("a 1", "line 1, column 3: expected '=' after key 'a', found '1'"),
        ("a = 1\nb = 2 3", "line 2, column 7: expected the end of the line, found '3'"),
        ("a = 1\na = 2", "line 2, column 6: 'a' is already defined in line 1"),
        ("[t]\nx = 1\n[t]\n", "line 3, column 4: 't' is already defined in line 1"),
        ("a = \"x", "line 1, column 7: the text has no closing quote"),
        ("a = \"\\q\"", "line 1, column 7: expected an escape such as \\n or \\\", found 'q'"),
        (
            "a = [1, 2",
            "line 1, column 10: expected ',' or ']' in the list, found the end of the text"
        ),
        (
            "a = pace",
            "line 1, column 5: expected a value, found 'pace'; a text needs quotes, dates are not used here"
        ),
        ("a = \0", "line 1, column 5: expected a value, found control byte 0x0"),
        ("a = 1\rb = 2", "line 1, column 6: a carriage return without a line feed"),
    ]) func `a malformed text is refused with its place`(text: String, expected: String) {
        #expect(message(text) == expected)
    }

    @Test func `deep nesting is refused before the stack ends`() {
        let text = "a = " + String(repeating: "[", count: 100_000)
        #expect(message(text).contains("nested more than 32 deep"))
    }

    @Test func `keys and tables know their lines`() throws {
        let table = try TOMLReader.read(
            Array(
                "# top\n\na = 1\n[[line]]\nx = [\n 1,\n 2 ]\n[[line]]\n[line.inner]\ny = 'z'\n".utf8
            ))
        #expect(table["a"]?.line == 3)
        guard case .array(let lines)? = table["line"]?.value, lines.count == 2,
            case .table(let first) = lines[0].value, case .table(let second) = lines[1].value,
            case .table(let inner)? = second["inner"]?.value
        else {
            Issue.record("expected two line tables")
            return
        }
        #expect(first["x"]?.line == 5)
        #expect(inner["y"]?.line == 10)
    }

    /// Python's own reader decides what is TOML and what it means; ours must say the same, apart
    /// from dates and from numbers wider than 64 bits.
    @Test func `an independent reader agrees on a thousand damaged files`() throws {
        let seed =
            "title = \"x\"\nn = 12\nf = -1.5e3\nh = 0xFF\nok = true\nl = [1, 'a', [2.0, \"\\u00e9\"],]\n"
            + "d.e.f = 1\n[t.\"a b\"]\nk = { p = 1, q.r = '' }\n[[line]]\nunits = [1, 2]\n[[line]]\n"
            + "[line.x]\ny = \"\"\"two\nlines \\\n  folded\"\"\"\n"
        var texts = [seed]
        var generator = SplitMix(state: 7)
        let pool = Array("[]{}=.,#\"'\\\n\t 0123aeftxun_-+\r".utf8)
        for _ in 0..<1000 {
            var bytes = Array(seed.utf8)
            for _ in 0...Int(generator.next() % 3) {
                let at = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: bytes[at] = pool[Int(generator.next() % UInt64(pool.count))]
                case 1: bytes.remove(at: at)
                default: bytes.insert(pool[Int(generator.next() % UInt64(pool.count))], at: at)
                }
            }
            texts.append(String(decoding: bytes, as: UTF8.self))
        }
        let verdicts = try PythonTOML.verdicts(texts)
        #expect(verdicts.count == texts.count)
        for (text, verdict) in zip(texts, verdicts) where verdict != "skip" {
            let ours = (try? TOMLReader.read(Array(text.utf8))).map(Self.canonical) ?? "refused"
            #expect(ours == verdict, "text: \(text.debugDescription)")
        }
    }

    private static func canonical(_ table: TOMLTable) -> String {
        let pairs = table.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        return "{"
            + pairs.map { key in
                "\(hex(key)):\(table[key].map { canonical($0.value) } ?? "")"
            }.joined(separator: ",") + "}"
    }

    private static func canonical(_ value: TOMLValue) -> String {
        switch value {
        case .text(let text): "s" + hex(text)
        case .integer(let number): "i\(number)"
        case .decimal(let number): "d" + String(number.bitPattern, radix: 16)
        case .flag(let flag): flag ? "true" : "false"
        case .array(let items):
            "[" + items.map { canonical($0.value) }.joined(separator: ",") + "]"
        case .table(let table): canonical(table)
        }
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { String(format: "%02x", $0) }.joined()
    }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

private enum PythonTOML {
    static let program = """
        import datetime, json, struct, sys, tomllib
        def dates(v):
            if isinstance(v, (datetime.date, datetime.time)): return True
            if isinstance(v, dict): return any(dates(x) for x in v.values())
            if isinstance(v, list): return any(dates(x) for x in v)
            return isinstance(v, int) and not -2**63 <= v < 2**63
        def c(v):
            if isinstance(v, bool): return "true" if v else "false"
            if isinstance(v, int): return f"i{v}"
            if isinstance(v, float):
                return "d%x" % struct.unpack(">Q", struct.pack(">d", v))[0]
            if isinstance(v, str): return "s" + v.encode().hex()
            if isinstance(v, list): return "[" + ",".join(c(x) for x in v) + "]"
            items = sorted((k.encode(), x) for k, x in v.items())
            return "{" + ",".join(f"{k.hex()}:{c(x)}" for k, x in items) + "}"
        out = []
        for t in json.load(sys.stdin):
            try:
                d = tomllib.loads(t)
                out.append("skip" if dates(d) else c(d))
            except tomllib.TOMLDecodeError:
                out.append("refused")
            except ValueError:
                out.append("skip")
        json.dump(out, sys.stdout)
        """

    static func verdicts(_ texts: [String]) throws -> [String] {
        let process = Process()
        let python = ProcessInfo.processInfo.environment["AMPHORA_PYTHON"] ?? "/usr/bin/python3"
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = ["-c", program]
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let payload = try JSONEncoder().encode(texts)
        let writer = Thread {
            input.fileHandleForWriting.write(payload)
            try? input.fileHandleForWriting.close()
        }
        writer.start()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return try JSONDecoder().decode([String].self, from: data)
    }
}
