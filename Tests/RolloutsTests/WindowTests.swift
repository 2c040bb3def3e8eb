import TestKit
import Testing

@testable import Rollouts

@Suite struct WindowTests {
    private let clock = ZoneClock.system
    private let hour: Int64 = 3_600_000

    /// 2026-03-29T00:00Z: in Berlin the clock goes from 02:00 to 03:00 at 01:00 UTC.
    private let spring: Int64 = 1_774_742_400_000
    /// 2026-10-25T00:00Z: in Berlin the clock goes from 03:00 back to 02:00 at 01:00 UTC.
    private let autumn: Int64 = 1_792_886_400_000

    @Test func `a window is read as it is written`() {
        for text in ["01:00-05:30", "22:00-04:00", "00:00-23:59"] {
            #expect(MaintenanceWindow(text)?.description == text)
        }
        for text in [
            "", "1:00-2:00", "01:00", "24:00-01:00", "01:60-02:00", "01:00-01:00", "01:00–02:00",
        ] {
            #expect(MaintenanceWindow(text) == nil, "\(text)")
        }
    }

    @Test func `each zone opens by its own clock`() throws {
        let window = try #require(MaintenanceWindow("01:00-04:00"))
        // 2026-01-15T00:30Z: 01:30 in Berlin, 19:30 the day before in New York, 06:15 in Kathmandu
        let winter: Int64 = 1_768_437_000_000
        #expect(window.isOpen(in: "Europe/Berlin", at: winter, clock))
        #expect(!window.isOpen(in: "America/New_York", at: winter, clock))
        #expect(!window.isOpen(in: "Asia/Kathmandu", at: winter, clock))
        #expect(window.isOpen(in: "America/New_York", at: winter + 6 * hour, clock))
        #expect(!window.isOpen(in: "Europe/Berlin", at: winter + 6 * hour, clock))
        // in summer an hour earlier by UTC
        let summer = winter + 181 * 24 * hour
        #expect(window.isOpen(in: "Europe/Berlin", at: summer - hour, clock))
        #expect(!window.isOpen(in: "Europe/Berlin", at: summer - hour - hour, clock))
        #expect(clock.minuteOfDay(in: "Asia/Kathmandu", at: 0) == 5 * 60 + 30)
        #expect(!clock.knows("Europe/Nowhere") && clock.knows("UTC"))
    }

    @Test func `a window in the hour that spring skips does not open that night`() throws {
        let window = try #require(MaintenanceWindow("02:00-03:00"))
        for minute in stride(from: Int64(0), to: 24 * 60, by: 1) {
            #expect(!window.isOpen(in: "Europe/Berlin", at: spring + minute * 60_000, clock))
        }
        // the next night at 02:00 of summer time, which is 00:00 UTC
        #expect(
            window.nextOpening(in: "Europe/Berlin", after: spring, clock) == spring + 24 * hour)
        #expect(window.endOfNext(in: "Europe/Berlin", after: spring, clock) == spring + 25 * hour)
    }

    @Test func `a window in the hour that autumn repeats is open for two hours`() throws {
        let window = try #require(MaintenanceWindow("02:00-03:00"))
        let open = (0..<Int64(24 * 60)).filter {
            window.isOpen(in: "Europe/Berlin", at: autumn + $0 * 60_000, clock)
        }
        #expect(open == Array(0..<120))
        #expect(
            window.endOfNext(in: "Europe/Berlin", after: autumn - 5 * hour, clock)
                == autumn + 2 * hour)
    }

    @Test func `the day of the change is an hour shorter or longer, the window is not`() throws {
        let window = try #require(MaintenanceWindow("22:00-23:00"))
        for (day, zone) in [(spring, "Europe/Berlin"), (autumn, "Europe/Berlin")] {
            let opening = window.nextOpening(in: zone, after: day, clock)
            #expect(clock.minuteOfDay(in: zone, at: opening) == 22 * 60)
            let next = window.nextOpening(in: zone, after: opening + hour, clock)
            #expect(next - opening == 24 * hour)
            let before = window.nextOpening(in: zone, after: day - 24 * hour, clock)
            #expect(opening - before == (day == spring ? 23 : 25) * hour)
        }
    }

    @Test func `the end of the next window lies in the future and is closed`() throws {
        var generator = SeededGenerator(announcedAs: "windows")
        let zones = [
            "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata",
        ]
        for _ in 0..<60 {
            let (from, to) = (
                Int.random(in: 0..<1440, using: &generator),
                Int.random(in: 0..<1440, using: &generator)
            )
            func text(_ minute: Int) -> String {
                let (hours, minutes) = (String(minute / 60), String(minute % 60))
                return (hours.count < 2 ? "0" : "") + hours + ":" + (minutes.count < 2 ? "0" : "")
                    + minutes
            }
            guard let window = MaintenanceWindow("\(text(from))-\(text(to))") else { continue }
            let zone = zones.randomElement(using: &generator) ?? "UTC"
            let now = spring + Int64.random(in: 0..<400 * 24, using: &generator) * hour / 2
            let opening = window.nextOpening(in: zone, after: now, clock)
            let end = window.endOfNext(in: zone, after: now, clock)
            #expect(opening >= now && end > opening, "\(window) \(zone) \(now)")
            #expect(!window.isOpen(in: zone, at: end, clock))
            #expect(window.isOpen(in: zone, at: end - 60_000, clock))
        }
    }
}
