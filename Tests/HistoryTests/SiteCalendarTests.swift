import TestKit
import Testing
import TimeZones

@testable import History

@Suite struct SiteCalendarTests {
    private let zones = ZoneFolder()
    private let hour: Int64 = 3_600_000

    /// A day that is the length it should be: its zone, a moment in it, its hours.
    @Test(
        arguments: [
            ("Europe/Berlin", 1_774_785_600, 23),  // 29 March 2026
            ("Europe/Berlin", 1_792_929_600, 25),  // 25 October 2026
            ("Europe/Berlin", 1_780_000_000, 24),
            ("America/Havana", 1_772_982_000, 23),  // midnight jumps to one o'clock
            ("UTC", 1_774_785_600, 24), ("Not/AZone", 1_774_785_600, 24),
        ] as [(String, Int64, Int64)])
    func `days have 23, 24 or 25 hours`(zone: String, moment: Int64, hours: Int64) {
        let calendar = SiteCalendar(zone: zone, zones: zones)
        let start = calendar.dayStart(of: moment * 1000)
        let end = calendar.dayEnd(of: moment * 1000)
        #expect((start...end).contains(moment * 1000))
        #expect(end - start == hours * hour)
        #expect(calendar.dayStart(of: start) == start && calendar.dayEnd(of: start) == end)
        #expect(calendar.dayStart(of: end) == end && calendar.dayEnd(of: end - 1) == end)
        // quarter hours fill the day without a rest
        #expect(start % 900_000 == 0)
    }

    @Test func `days of all zones follow each other without a hole for forty years`() {
        for zone in [
            "Europe/Berlin", "Asia/Gaza", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu",
        ] {
            let calendar = SiteCalendar(zone: zone, zones: zones)
            var day = calendar.dayStart(of: 946_684_800_000)
            for _ in 0..<14_600 {
                let next = calendar.dayEnd(of: day)
                #expect(next > day && next - day <= 26 * hour, "\(zone) at \(day)")
                #expect(calendar.dayStart(of: next - 1) == day, "\(zone) at \(day)")
                day = next
            }
        }
    }

    @Test func `moments at the ends of time do not trap`() {
        let calendar = SiteCalendar(zone: "Europe/Berlin", zones: zones)
        for moment in [Int64.min, .max, 0, -1] {
            #expect(calendar.dayEnd(of: moment) > calendar.dayStart(of: moment))
        }
    }
}
