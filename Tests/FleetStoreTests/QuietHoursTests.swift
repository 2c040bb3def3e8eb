import Synchronization
import Testing
import TimeZones

@testable import FleetStore

@Suite struct QuietHoursTests {
    private let zones = ZoneFolder()

    /// When the hours end, in minutes after a Unix time in seconds.
    private func end(
        _ from: String, _ to: String, at seconds: Int64, _ zone: String = "Europe/Berlin"
    ) throws -> Int64? {
        func minutes(_ text: String) -> Int {
            let parts = text.split(separator: ":").compactMap { Int($0) }
            return parts[0] * 60 + parts[1]
        }
        let hours = try #require(QuietHours(from: minutes(from), to: minutes(to)))
        let end = hours.end(around: seconds * 1000, zone: zone, zones: zones)
        return end.map { ($0 / 1000 - seconds) / 60 }
    }

    @Test func `hours within a day and across midnight end by the clock of the site`() throws {
        // 2026-07-01 20:30 UTC is 22:30 in Berlin
        let evening: Int64 = 1_782_937_800
        #expect(try end("22:00", "07:00", at: evening) == 8 * 60 + 30)
        #expect(try end("22:31", "07:00", at: evening) == nil)
        #expect(try end("22:30", "22:31", at: evening) == 1)
        #expect(try end("12:00", "22:30", at: evening) == nil)
        #expect(try end("20:00", "21:00", at: evening, "UTC") == 30)
        #expect(try end("20:00", "21:00", at: evening, "No/Where") == 30)
    }

    @Test func `a night in which the clock is set ends when the clock says so`() throws {
        // 2026-03-29 00:00 in Berlin; two o'clock becomes three
        let spring: Int64 = 1_774_738_800
        #expect(try end("22:00", "07:00", at: spring) == 6 * 60)
        #expect(try end("22:00", "02:30", at: spring) == 2 * 60)
        // 2026-10-25 00:00 in Berlin; three o'clock becomes two
        let autumn: Int64 = 1_792_879_200
        #expect(try end("22:00", "07:00", at: autumn) == 8 * 60)
        // half past two comes twice, and so does what follows two o'clock
        #expect(try end("22:00", "02:30", at: autumn) == 150)
        #expect(try end("22:00", "02:30", at: autumn + 3 * 3600) == 30)
    }

    @Test func `hours are two minutes of a day that differ`() {
        #expect(QuietHours(from: 0, to: 1440) == nil)
        #expect(QuietHours(from: -1, to: 5) == nil)
        #expect(QuietHours(from: 5, to: 5) == nil)
        #expect(QuietHours(from: 0, to: 1439) != nil)
    }

    @Test(arguments: [Int64.min, Int64.max, -1, 0])
    func `no moment is too far away`(now: Int64) throws {
        let hours = try #require(QuietHours(from: 0, to: 1439))
        _ = hours.end(around: now, zone: "Europe/Berlin", zones: zones)
    }
}

/// Lines that several threads write.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
