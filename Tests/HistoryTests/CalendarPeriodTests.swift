import TestKit
import Testing
import TimeZones

@testable import History

@Suite struct CalendarPeriodTests {
    private let berlin = SiteCalendar(zone: "Europe/Berlin", zones: ZoneFolder())
    private let utc = SiteCalendar(zone: "UTC", zones: ZoneFolder())
    private let hour: Int64 = 3_600_000

    @Test func `days of a site have their own length`() throws {
        // 28 to 30 March 2026; clocks go forward on the 29th
        let from: Int64 = 1_774_652_400_000
        let days = try #require(
            berlin.boundaries(.day, from: from + 1, to: from + 71 * hour, most: 3))
        #expect(days == [from, from + 24 * hour, from + 47 * hour, from + 71 * hour])
        #expect(berlin.boundaries(.day, from: from, to: from + 71 * hour + 1, most: 3) == nil)
        let back = try #require(
            berlin.boundaries(
                .day, from: 1_792_879_200_000, to: 1_792_879_200_001, most: 1))
        #expect(back == [1_792_879_200_000, 1_792_879_200_000 + 25 * hour])
    }

    @Test func `months and years begin at the midnight of the site`() throws {
        // 2024-02-10 until 2024-03-01 in Berlin
        let months = try #require(
            berlin.boundaries(
                .month, from: 1_707_519_600_000, to: 1_709_247_600_000, most: 10))
        #expect(months == [1_706_742_000_000, 1_709_247_600_000])
        let years = try #require(
            utc.boundaries(.year, from: 0, to: 94_694_400_001, most: 10))
        #expect(years == [0, 31_536_000_000, 63_072_000_000, 94_694_400_000, 126_230_400_000])
    }

    @Test func `a date that a zone left out has no period`() throws {
        // Samoa went from 29 to 31 December 2011
        let apia = SiteCalendar(zone: "Pacific/Apia", zones: ZoneFolder())
        let from: Int64 = 1_325_152_800_000
        let days = try #require(apia.boundaries(.day, from: from, to: from + 48 * hour, most: 9))
        #expect(days == [from, from + 24 * hour, from + 48 * hour])
    }

    @Test func `periods follow each other for a thousand years, and dates come back`() throws {
        let from: Int64 = -14_831_769_600_000  // 1500-01-01
        let years = try #require(utc.boundaries(.year, from: from, to: from + 1, most: 1))
        #expect(years.first == from && years.count == 2)
        for number in stride(from: Int64(-900_000), through: 900_000, by: 17) {
            let date = CivilDate(dayNumber: number)
            #expect(date.dayNumber == number)
            #expect((1...12).contains(date.month) && (1...31).contains(date.day))
            #expect(date.next(.day).dayNumber == number + 1)
            #expect(date.next(.month).start(of: .month).dayNumber > number)
        }
    }

    @Test func `moments at the ends of time do not trap`() {
        for period in CalendarPeriod.allCases {
            #expect(berlin.boundaries(period, from: .min, to: .max, most: 100) == nil)
            #expect(berlin.boundaries(period, from: .max, to: .min, most: 1)?.count == 2)
            #expect(berlin.boundaries(period, from: .min, to: .min, most: 1)?.count == 2)
        }
    }
}
