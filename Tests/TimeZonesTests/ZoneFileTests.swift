import Foundation
import TestKit
import Testing

@testable import TimeZones

@Suite struct ZoneFileTests {
    private let zones = [
        "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "America/New_York",
        "America/St_Johns", "America/Santiago", "America/Sao_Paulo", "Australia/Lord_Howe",
        "Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham", "Asia/Kolkata",
        "Asia/Kathmandu", "Asia/Tehran", "Africa/Casablanca", "Africa/Cairo", "Asia/Gaza",
        "Etc/GMT+5",
        "Antarctica/Troll",
    ]

    /// Python's `zoneinfo` reads the same files with code of its own.
    @Test func `offsets agree with an independent reader, before, at and long after each change`()
        throws
    {
        var generator = SeededGenerator(announcedAs: "time zones")
        var moments: [Int64] = [0, -1, 4_102_444_800]
        for _ in 0..<400 {
            // 1970 to 2100, and close to full hours, where clocks change
            let hour = Int64.random(in: 0..<1_139_000, using: &generator)
            moments.append(hour * 3600 + Int64.random(in: -1...1, using: &generator))
        }
        for year in Int64(0)..<60 {
            for day in [84, 88, 297, 301] as [Int64] {
                moments.append(((year * 1461) / 4 + day) * 86_400 + 3600)
            }
        }
        let script = """
            import sys, datetime, zoneinfo
            moments = [int(word) for word in sys.argv[1].split(',')]
            for zone in sys.argv[2].split(','):
                z = zoneinfo.ZoneInfo(zone)
                print(zone, *(int(datetime.datetime.fromtimestamp(m, z).utcoffset().total_seconds()) for m in moments))
            """
        let python = try Peers.python(importing: "zoneinfo")
        let peer = try ChildProcess(
            python,
            [
                "-c", script, moments.map(String.init).joined(separator: ","),
                zones.joined(separator: ","),
            ])
        #expect(try peer.waitForExit(within: 60_000) == .exited(0), "\(peer.errors)")
        let lines = peer.output.split(separator: "\n")
        #expect(lines.count == zones.count)
        let folder = ZoneFolder()
        for line in lines {
            let words = line.split(separator: " ")
            let zone = String(words[0])
            let expected = words.dropFirst().compactMap { Int($0) }
            try #require(expected.count == moments.count)
            for (moment, offset) in zip(moments, expected) {
                #expect(folder.offset(of: zone, at: moment) == offset, "\(zone) at \(moment)")
            }
        }
    }

    @Test func `a name that is none, or leads elsewhere, is no zone`() throws {
        let folder = ZoneFolder()
        for name in [
            "", "Mars/Olympus", "../passwd", "/etc/passwd", "Europe", "Europe/", "zone.tab", "a//b",
        ] {
            #expect(folder.offset(of: name, at: 0) == nil, "\(name)")
        }
        #expect(ZoneFolder("/nowhere").offset(of: "UTC", at: 5) == 0)
        #expect(ZoneFolder("/nowhere").offset(of: "Europe/Berlin", at: 5) == nil)
    }

    @Test func `bytes of any kind end no process`() throws {
        let path = ZoneFolder.usual + "/Europe/Berlin"
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(ZoneFile(bytes)?.offset(at: 1_790_000_000) == 7200)
        var generator = SeededGenerator(announcedAs: "zone files")
        for count in stride(from: 0, to: bytes.count, by: 7) {
            _ = ZoneFile(Array(bytes.prefix(count)))?.offset(at: 1_790_000_000)
        }
        for _ in 0..<3_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                changed[Int.random(in: changed.indices, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            let file = ZoneFile(changed)
            for moment in [0, -1, 1_790_000_000, Int64.max, .min] { _ = file?.offset(at: moment) }
        }
    }
}
