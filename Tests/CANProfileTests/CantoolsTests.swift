import CANBus
import CANProfile
import Foundation
import TestKit
import Testing

/// Our reading of DBC files against cantools, which shares no code with it.
@Suite struct CantoolsTests {
    /// Runs a Python program with cantools on these lines; its output, line by line.
    private func run(_ program: String, _ lines: [String], _ more: [String] = []) throws -> [String]
    {
        let python = try Peers.python(importing: "cantools")
        let folder = try TemporaryDirectory("cantools")
        try lines.joined(separator: "\n").write(
            toFile: folder.file("lines"), atomically: true, encoding: .utf8)
        let child = try ChildProcess(python, ["-c", program, folder.file("lines")] + more)
        let status = try child.waitForExit(within: 60_000)
        try #require(status == .exited(0), "\(child.errors)")
        return child.output.split(separator: "\n").map(String.init)
    }

    @Test func `an independent encoder makes the same bytes from the same values`() throws {
        let profile = try PylontechTests.load()
        var generator = SeededGenerator(seed: 33)
        var lines: [String] = []
        var expected: [String] = []
        for _ in 0..<200 {
            let values = PylontechTests.random(using: &generator)
            for index in profile.plan.frames.indices {
                guard let frame = profile.plan.encode(index, values),
                    let signals = profile.decode(frame)
                else { continue }
                let pairs = signals.map { "\"\($0.name)\": \($0.value)" }
                lines.append(
                    "\(frame.identifier.rawValue) {\(pairs.joined(separator: ", "))}")
                expected.append(String(frame.compactHex.split(separator: "#")[1]))
            }
        }
        let program = """
            import sys, json, cantools
            db = cantools.database.load_file(sys.argv[2])
            for line in open(sys.argv[1]):
                number, values = line.split(" ", 1)
                message = db.get_message_by_frame_id(int(number))
                print(message.encode(json.loads(values), strict=False).hex().upper())
            """
        let layout = Repository.profileSet + "/inverters/pylontech-lv-1.2/frames.dbc"
        let found = try run(program, lines, [layout])
        #expect(found == expected)
    }

    /// Both byte orders and signs at random places; many do not fit or overlap.
    @Test func `random layouts are taken, refused and read as cantools does`() throws {
        var generator = SeededGenerator(seed: 34)
        var lines: [String] = []
        var expected: [String] = []
        for _ in 0..<600 {
            let layout = Self.layout(using: &generator)
            let bits = generator.next()
            let frame = try #require(
                CANIdentifier(1).flatMap { CANFrame($0, length: 8, bits: bits) })
            let hex = frame.compactHex.split(separator: "#")[1]
            lines.append("\(hex) \(layout.replacing("\n", with: "|~"))")
            guard let file = try? DBCParser.parse(Array(layout.utf8)) else {
                expected.append("refused")
                continue
            }
            let signals = file.messages[0].signals.sorted { $0.name < $1.name }
            expected.append(
                signals.map { signal in
                    let raw = signal.raw(in: bits)
                    let number = signal.isSigned ? "\(raw)" : "\(UInt64(bitPattern: raw))"
                    return "\(signal.name)=\(number)"
                }.joined(separator: " "))
        }
        let program = """
            import sys, cantools
            for line in open(sys.argv[1]):
                data, text = line.rstrip("\\n").split(" ", 1)
                try:
                    db = cantools.database.load_string(text.replace("|~", "\\n"), "dbc", strict=True)
                    m = db.messages[0]
                    v = m.decode(bytes.fromhex(data), decode_choices=False, scaling=False)
                    print(" ".join(f"{k}={v[k]}" for k in sorted(v)))
                except cantools.database.Error as fault:
                    print("refused")
            """
        let found = try run(program, lines)
        #expect(found.count == expected.count)
        for (index, pair) in zip(found, expected).enumerated() {
            #expect(pair.0 == pair.1, "\(lines[index].replacing("|~", with: "\n"))")
        }
        #expect(expected.filter { $0 == "refused" }.count < 450, "too few layouts fit")
    }

    private static func layout(using generator: inout SeededGenerator) -> String {
        var text = "BO_ 1 M: 8 A\n"
        for number in 0..<Int.random(in: 1...3, using: &generator) {
            let start = Int.random(in: 0...63, using: &generator)
            let length = Int.random(in: 1...24, using: &generator)
            let order = Int.random(in: 0...1, using: &generator)
            let sign = Bool.random(using: &generator) ? "+" : "-"
            text +=
                " SG_ S\(number) : \(start)|\(length)@\(order)\(sign) (0.1,-4) [0|0] \"\" B\n"
        }
        return text
    }
}
