import Foundation
import TestKit
import Testing
import TimeZones

@testable import UpdateAgent

@Suite struct AssignmentTests {
    private let set: TestSet

    init() throws { set = try TestSet(release: 7) }

    private func faults(_ bytes: [UInt8]) -> [String] {
        do throws(AssignmentRefused) {
            _ = try Assignment(bytes)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `everything an assignment says is read`() throws {
        let assignment = try Assignment(
            set.document([
                "hardware": ["Acme A", "generic"],
                "window": ["from": "23:30", "to": "04:00", "zone": "America/Argentina/Ushuaia"],
            ]))
        #expect(assignment.words == "base 1.7.0, release 7")
        #expect(assignment.place == "base-\(set.sha256)")
        #expect(assignment.notAfter == 1_811_808_000)
        #expect(assignment.hardware == ["Acme A", "generic"])
        #expect(
            assignment.window
                == MaintenanceWindow(from: 1410, to: 240, zone: "America/Argentina/Ushuaia"))
        #expect(assignment.rollout == "r-1")
    }

    @Test func `every fault is named at once`() throws {
        let changes: [String: Any?] = [
            "gateway": "../x", "set": "", "version": "1.2", "sha256": "AB", "length": "12",
            "release": 1.5, "not_after": "2027-02-29T00:00:00Z", "least_runtime": nil,
            "hardware": [""], "window": ["from": "24:00", "to": "1:00", "zone": "../../etc"],
            "rollout": "", "more": 1,
        ]
        let found = faults(try set.document(changes))
        for key in [
            "gateway", "set", "version", "sha256", "length", "release", "not_after",
            "least_runtime", "hardware", "window.from", "window.to", "window.zone", "rollout",
            "more",
        ] {
            #expect(found.contains { $0.contains("'\(key)'") }, "\(key): \(found)")
        }
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "{\"gateway\":\"house\",\"gateway\":\"other\"}", "\u{FEFF}{}",
        "{\"gateway\":\"house\",}", String(repeating: "[", count: 10_000),
    ])
    func `what is no assignment is refused with a sentence`(text: String) {
        #expect(!faults(Array(text.utf8)).isEmpty)
    }

    @Test(arguments: ["1e3", "1.0", "\"7\"", "\"0x7\"", "true", "0", "-1", "9999999999999999999"])
    func `signed numbers are written in one way`(number: String) throws {
        let text = String(decoding: try set.document(), as: UTF8.self)
        let changed = text.replacing("\"release\":7", with: "\"release\":\(number)")
        #expect(changed != text)
        #expect(!faults(Array(changed.utf8)).isEmpty)
    }

    @Test func `a document without end is not read to its end`() throws {
        let padded = try set.document() + [UInt8](repeating: 0x20, count: 20_000_000)
        #expect(faults(padded).first?.hasPrefix("the assignment has 2000") == true)
    }

    @Test func `moments are whole seconds of days that there are`() {
        #expect(UTCMoment.seconds("1970-01-01T00:00:00Z") == 0)
        #expect(UTCMoment.seconds("2000-02-29T23:59:59Z") == 951_868_799)
        #expect(UTCMoment.seconds("2026-11-26T04:31:00Z") == 1_795_667_460)
        for text in [
            "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+01:00",
            "2026-01-01T00:00:00.5Z", "1969-12-31T23:59:59Z", "٢٠٢٦-01-01T00:00:00Z",
        ] {
            #expect(UTCMoment.seconds(text) == nil, "\(text)")
        }
    }

    @Test func `what the schema takes is read, and what is read the schema takes`() throws {
        let window = ["from": "01:00", "to": "05:00", "zone": "Europe/Berlin"]
        let documents: [[String: Any?]] = [
            [:], ["window": window], ["hardware": ["generic"], "rollout": "x"],
            ["release": 0], ["sha256": "x"], ["window": ["from": "1:00"]], ["extra": 1],
            ["not_after": "soon"], ["version": "1"], ["gateway": "../x"],
        ]
        let texts = try documents.map { String(decoding: try set.document($0), as: UTF8.self) }
        let verdicts = try SchemaJudge.verdicts("assignment-v1", texts)
        #expect(verdicts.count == texts.count)
        for (text, verdict) in zip(texts, verdicts) {
            let found = faults(Array(text.utf8))
            #expect((verdict == "ok") == found.isEmpty, "\(text): \(verdict), reader \(found)")
        }
    }
}

@Suite struct ZoneTests {
    @Test func `the time of day is what python's zoneinfo says, in every zone and season`() throws {
        let program = """
            import sys, zoneinfo, datetime
            for zone in sorted(zoneinfo.available_timezones()):
                if zone.startswith(("posix", "right")) or zone in ("localtime", "Factory"): continue
                info = zoneinfo.ZoneInfo(zone)
                for moment in range(1700000000, 3000000000, 41234567):
                    local = datetime.datetime.fromtimestamp(moment, info)
                    print(zone, moment, local.hour * 60 + local.minute)
            """
        let child = try ChildProcess(try Peers.python(importing: "zoneinfo"), ["-c", program])
        #expect(try child.waitForExit(within: 60_000) == .exited(0), "\(child.errors)")
        let clock = ZoneFolder()
        var wrong: [String] = []
        var count = 0
        for line in child.output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 3, let moment = Int64(words[1]), let minute = Int(words[2]) else {
                continue
            }
            count += 1
            let found = clock.minuteOfDay(moment, zone: words[0])
            if found != minute { wrong.append("\(line), found \(found.map(String.init) ?? "nil")") }
        }
        #expect(count > 10_000)
        #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    }

    @Test func `unknown zones and names that leave the folder have no time`() {
        for zone in ["Nowhere/City", "../../../etc/passwd", "", "/etc/localtime", "Europe//Berlin"]
        {
            #expect(ZoneFolder().minuteOfDay(0, zone: zone) == nil, "\(zone)")
        }
    }

    @Test func `a window may go over midnight`() {
        let night = MaintenanceWindow(from: 1380, to: 120, zone: "UTC")
        #expect(night.contains(minute: 1400) && night.contains(minute: 0))
        #expect(night.contains(minute: 119) && !night.contains(minute: 120))
        let day = MaintenanceWindow(from: 60, to: 120, zone: "UTC")
        #expect(!day.contains(minute: 59) && day.contains(minute: 60) && !day.contains(minute: 120))
        #expect(MaintenanceWindow(from: 5, to: 5, zone: "UTC").contains(minute: 700))
    }
}
