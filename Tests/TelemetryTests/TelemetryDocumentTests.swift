import Bank
import Foundation
import Quantities
import Telemetry
import TestKit
import Testing

@Suite struct TelemetryDocumentTests {
    private let inverter = InverterSummary(
        profile: "pylontech-lv-1.2", keepAlive: "present", busState: "active", framesSent: 6,
        framesReceived: 1)

    private func stamp(_ sequence: Int64) -> RecordStamp {
        RecordStamp(
            gateway: "gw-1", epoch: 7, sequence: sequence,
            wallNanoseconds: 1_700_000_000_123_000_000, isWallTrusted: false,
            bootID: "71734537-d6d9-472d-8519-7ef8cf99f170",
            monotonic: Instant(nanoseconds: 5_000_000_000))
    }

    /// Validates lines of JSON with an independent implementation; returns what it complains about.
    private func validate(_ lines: [String], schema: String) throws -> String {
        let python = try Peers.python(importing: "jsonschema")
        let folder = try TemporaryDirectory("schema")
        try lines.joined(separator: "\n").write(
            toFile: folder.file("lines"), atomically: true, encoding: .utf8)
        let program = """
            import json, sys, jsonschema
            schema = json.load(open(sys.argv[1]))
            check = jsonschema.Draft202012Validator(schema)
            count = 0
            for line in open(sys.argv[2]):
                count += 1
                for error in check.iter_errors(json.loads(line)):
                    print(count, error.json_path, error.message[:200])
            print("checked", count)
            """
        let child = try ChildProcess(
            python, ["-c", program, Repository.root + "/Schemas/" + schema, folder.file("lines")])
        _ = try child.waitForExit(within: 60_000)
        return child.output + child.errors
    }

    @Test func `every record validates, whatever is known or unknown`() throws {
        var generator = SeededGenerator(seed: 31)
        var lines: [String] = []
        for sequence in 0..<300 {
            let packs = Self.randomPacks(using: &generator)
            var controller = BankController(configuration: BankConfiguration())
            let state = controller.evaluate(packs, now: Instant(nanoseconds: 5_000_000_000))
            var writer = JSONWriter()
            TelemetryDocument.write(stamp(Int64(sequence)), state, packs, inverter, to: &writer)
            lines.append(String(decoding: writer.bytes, as: UTF8.self))
        }
        #expect(try validate(lines, schema: "telemetry-v1.schema.json") == "checked 300\n")
    }

    @Test func `a record of sixteen healthy packs stays under twelve kilobytes`() {
        let now = Instant(nanoseconds: 5_000_000_000)
        var packs = PackTable(count: 16)
        for position in 0..<16 {
            for signal in PackSignal.allCases {
                packs[position].reading.set(signal, to: 52_123, at: now)
            }
            for cell in 0..<16 { packs[position].reading.setCell(cell, millivolts: 3312) }
            for probe in 0..<4 { packs[position].reading.setProbe(probe, decidegrees: 215) }
            for byte in "P16S100A-210370001".utf8 { packs[position].serialNumber.append(byte) }
        }
        var controller = BankController(configuration: BankConfiguration())
        let state = controller.evaluate(packs, now: now)
        var writer = JSONWriter()
        TelemetryDocument.write(stamp(1), state, packs, inverter, to: &writer)
        #expect(writer.bytes.count < 12_000, "\(writer.bytes.count) bytes")
    }

    @Test func `every event validates`() throws {
        var lines: [String] = []
        for kind in AlarmKind.allCases {
            for level in EventDocument.Level.allCases {
                var writer = JSONWriter()
                EventDocument.write(
                    stamp(1), change: .raised, level: level, code: kind.code, pack: 16,
                    text: "pack 16: \"odd\" \\ text\n", to: &writer)
                lines.append(String(decoding: writer.bytes, as: UTF8.self))
            }
        }
        for result in ConfigurationReport.Result.allCases {
            var report = ConfigurationReport(result)
            lines.append(event(report))
            report = ConfigurationReport(
                result, appliedVersion: 7, appliedAt: 1_700_000_000_000, version: 8)
            report.faults = ["'a' is \"b\""]
            report.heldBack = ["c"]
            lines.append(event(report))
        }
        for code in UpdateReport.Code.allCases {
            for reason in [nil, "vector 'x' of \"y\""] {
                let report = UpdateReport(
                    code, set: "base", version: "1.4.0", release: 7,
                    rollout: reason.map { _ in "r-1" }, reason: reason)
                var writer = JSONWriter()
                EventDocument.write(
                    stamp(1), change: .noticed, level: .information, code: code.rawValue, pack: 0,
                    text: report.text, update: report, to: &writer)
                lines.append(String(decoding: writer.bytes, as: UTF8.self))
            }
        }
        #expect(try validate(lines, schema: "event-v1.schema.json") == "checked \(lines.count)\n")
    }

    private func event(_ report: ConfigurationReport) -> String {
        var writer = JSONWriter()
        EventDocument.write(
            stamp(1), change: .noticed, level: .information, code: "configuration", pack: 0,
            text: report.text, configuration: report, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `a report says in one sentence what became of a document`() {
        var report = ConfigurationReport(.reverted, appliedVersion: 7, version: 8)
        report.faults = ["the broker is not reached, and was before"]
        #expect(
            report.text
                == "configuration: version 8 is reverted, version 7 is back: the broker is not reached, and was before"
        )
        #expect(
            ConfigurationReport(.running).text == "configuration: the file on site is in force")
    }

    @Test func `unknown is null and never a number`() throws {
        var controller = BankController(configuration: BankConfiguration())
        let packs = PackTable(count: 1)
        let state = controller.evaluate(packs, now: Instant(nanoseconds: 1))
        var writer = JSONWriter()
        TelemetryDocument.write(stamp(1), state, packs, inverter, to: &writer)
        let text = String(decoding: writer.bytes, as: UTF8.self)
        for name in ["voltage_v", "current_a", "soc_pct", "power_w", "remaining_ah"] {
            #expect(text.contains("\"\(name)\":null"))
        }
    }

    @Test(arguments: [true, false])
    func `outbox rule 7: a record tells wall time, boot, monotonic time and trust`(
        isTrusted: Bool
    ) throws {
        var stamp = stamp(1)
        stamp.isWallTrusted = isTrusted
        let packs = PackTable(count: 1)
        var controller = BankController(configuration: BankConfiguration())
        let state = controller.evaluate(packs, now: stamp.monotonic)
        var writer = JSONWriter()
        TelemetryDocument.write(stamp, state, packs, inverter, to: &writer)
        let document = try JSONSerialization.jsonObject(with: Data(writer.bytes))
        let time = try #require((document as? [String: Any])?["time"] as? [String: Any])
        #expect(time["wall"] as? String == "2023-11-14T22:13:20.123Z")
        #expect(time["trusted"] as? Bool == isTrusted)
        #expect(time["boot"] as? String == "71734537-d6d9-472d-8519-7ef8cf99f170")
        #expect(time["monotonic_ms"] as? Int == 5_000)
    }

    @Test(arguments: [
        (0, 3, "0.000"), (5, 3, "0.005"), (-5, 1, "-0.5"), (53_250, 3, "53.250"), (-1, 0, "-1"),
        (Int64.min, 3, "-9223372036854775.808"), (Int64.max, 0, "9223372036854775807"),
    ]) func `fixed-point numbers print exactly`(value: Int64, decimals: Int, expected: String) {
        var writer = JSONWriter()
        writer.decimal(value, decimals: decimals)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }

    @Test func `dates agree with an independent calendar`() throws {
        var generator = SeededGenerator(seed: 4)
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime]
        for _ in 0..<2000 {
            let seconds = Int64.random(in: -2_000_000_000...8_000_000_000, using: &generator)
            let ours = RFC3339.text(unixNanoseconds: seconds * 1_000_000_000)
            let theirs = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(ours == theirs.dropLast() + ".000Z")
        }
        #expect(RFC3339.text(unixNanoseconds: -1) == "1969-12-31T23:59:59.999Z")
        #expect(
            RFC3339.text(unixNanoseconds: 1_700_000_000_987_654_321) == "2023-11-14T22:13:20.987Z")
    }

    @Test func `a record file is rotated by size and keeps a bounded number`() throws {
        let folder = try TemporaryDirectory("rotate")
        let file = RotatingFile(path: folder.file("r.ndjson"), mostBytes: 1024, mostFiles: 3)
        for index in 0..<100 {
            file.append(Array("line \(index) \(String(repeating: "x", count: 90))\n".utf8))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["r.ndjson", "r.ndjson.1", "r.ndjson.2"])
        let newest = try String(contentsOfFile: folder.file("r.ndjson"), encoding: .utf8)
        #expect(newest.contains("line 99 "))
        #expect(file.failures == 0)
    }

    @Test func `a file that cannot be written is counted and disturbs nobody`() {
        let file = RotatingFile(path: "/nowhere/r.ndjson", mostBytes: 1024, mostFiles: 3)
        file.append([0x0A])
        #expect(file.failures == 1)
        #expect(file.lastError == "No such file or directory")
    }

    private static func randomPacks(using generator: inout SeededGenerator) -> PackTable {
        var packs = PackTable(count: .random(in: 1...16, using: &generator))
        for position in 0..<packs.count where Bool.random(using: &generator) {
            fill(&packs[position], using: &generator)
        }
        return packs
    }

    private static func fill(_ slot: inout PackSlot, using generator: inout SeededGenerator) {
        let now = Instant(nanoseconds: .random(in: 1...5_000_000_000, using: &generator))
        for signal in PackSignal.allCases where generator.next() % 5 != 0 {
            slot.reading.set(
                signal, to: .random(in: (.min + 1) ... .max, using: &generator), at: now)
        }
        for cell in 0..<16 {
            slot.reading.setCell(cell, millivolts: .random(in: 0...4000, using: &generator))
        }
        for probe in 0..<4 {
            slot.reading.setProbe(probe, decidegrees: Bool.random(using: &generator) ? 215 : nil)
        }
        slot.reading.cellsStamp = now
        slot.reading.probesStamp = now
        slot.reading.flagsStamp = now
        slot.reading.warnings = AlarmSet(rawValue: generator.next())
        slot.reading.protections = AlarmSet(rawValue: generator.next())
        slot.reading.knownStates = PackStates(
            rawValue: UInt32(truncatingIfNeeded: generator.next()))
        slot.reading.setFlagWord(2, to: 0xFFFF)
        slot.serialNumber.append(0x41)
        slot.serialNumber.append(0x22)
        slot.answeredAt = now
        slot.isComplete = Bool.random(using: &generator)
        slot.isImplausible = generator.next() % 7 == 0
    }
}
