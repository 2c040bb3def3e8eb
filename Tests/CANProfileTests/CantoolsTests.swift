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

    /// Every layout of the set is taken as strictly as cantools can, and every frame of any vector is read
    /// alike, as are frames of random bits: one Python for all.
    @Test func `every shipped layout and every frame of its vectors is read as cantools reads it`()
        throws
    {
        var lines: [String] = []
        var expected: [String] = []
        for profile in try ShippedVectors.profiles() {
            for frame in profile.frames + (try profile.random(16)) {
                guard
                    let message = profile.layout.messages.first(where: {
                        $0.identifier == frame.identifier
                    })
                else { continue }
                let flag = frame.identifier.isExtended ? "x" : "s"
                let hex = frame.compactHex.split(separator: "#", omittingEmptySubsequences: false)[
                    1]
                lines.append("\(profile.path) \(frame.identifier.rawValue) \(flag) \(hex)")
                let signals = message.decode(frame).filter {
                    !Self.isText($0.raw, message, $0.name)
                }
                let words = signals.sorted { $0.name < $1.name }.map { "\($0.name)=\($0.value)" }
                expected.append((["_=0"] + words).joined(separator: " "))
            }
        }
        #expect(lines.count > 5000)
        let program = """
            import sys, cantools
            from decimal import Decimal
            known = {}
            def text(value):
                return format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
            for line in open(sys.argv[1]):
                path, number, flag, data = (line.rstrip("\\n").split(" ") + [""])[:4]
                if path not in known:
                    database = cantools.database.load_file(path, strict=True)
                    known[path] = {(m.frame_id, m.is_extended_frame): m for m in database.messages}
                message = known[path][int(number), flag == "x"]
                values = message.decode(bytes.fromhex(data), decode_choices=False, allow_truncated=True)
                long = {s.name for s in message.signals if s.length > 53}
                print(" ".join(["_=0"] + [f"{k}={text(values[k])}" for k in sorted(values) if k not in long]))
            """
        let found = try run(program, lines)
        #expect(found.count == expected.count)
        for (index, pair) in zip(found, expected).enumerated() where !Self.agree(pair.0, pair.1) {
            Issue.record("\(lines[index]): cantools has \(pair.0), we have \(pair.1)")
        }
    }

    /// Fields of more than 53 bits hold characters, and floating point has no room for them.
    private static func isText(_ raw: Int64, _ message: DBCMessage, _ name: String) -> Bool {
        message.signal(named: name).map { $0.bitLength > 53 } ?? true
    }

    /// Whether both name the same signals with the same values; binary fractions err by less than a
    /// millionth.
    private static func agree(_ one: String, _ other: String) -> Bool {
        let pairs = [one, other].map { $0.split(separator: " ").map { $0.split(separator: "=") } }
        guard pairs[0].count == pairs[1].count else { return false }
        return zip(pairs[0], pairs[1]).allSatisfy { left, right in
            guard left.count == 2, right.count == 2, left[0] == right[0] else { return false }
            guard let a = Double(left[1]), let b = Double(right[1]) else { return false }
            return abs(a - b) < 1e-6
        }
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
