import TimeZones

/// The days of a site.
package struct SiteCalendar: Sendable {
    /// The name of the zone, `UTC` when the machine does not have it.
    package let zone: String
    private let zones: ZoneFolder

    /// Moments beyond ± 100,000 years count as the last one within.
    private static let bound: Int64 = 3_155_760_000_000
    private static let daySeconds: Int64 = 86_400

    /// The days of a zone by its IANA name; those of UTC when the machine has no such zone.
    package init(zone: String, zones: ZoneFolder) {
        self.zone = zones.offset(of: zone, at: 0) == nil ? "UTC" : zone
        self.zones = zones
    }

    /// The Unix time in milliseconds at which the day around another one began.
    package func dayStart(of milliseconds: Int64) -> Int64 {
        firstMoment(ofDay: dayNumber(Self.seconds(milliseconds))) * 1000
    }

    /// The Unix time in milliseconds at which the day around another one ends.
    package func dayEnd(of milliseconds: Int64) -> Int64 {
        firstMoment(ofDay: dayNumber(Self.seconds(milliseconds)) + 1) * 1000
    }

    /// The number of the day around a Unix time in milliseconds, from 1970-01-01.
    func dayNumber(ofMoment milliseconds: Int64) -> Int64 {
        dayNumber(Self.seconds(milliseconds))
    }

    /// The Unix time in milliseconds at which a date begins, or the next one that there is.
    func firstMoment(ofDate date: CivilDate) -> Int64 {
        firstMoment(ofDay: date.dayNumber) * 1000
    }

    private static func seconds(_ milliseconds: Int64) -> Int64 {
        let seconds = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
        return min(max(seconds, -bound), bound)
    }

    /// Days from 1970-01-01 to the date a clock on the wall shows.
    private func dayNumber(_ seconds: Int64) -> Int64 {
        let local = seconds + offset(seconds)
        return local / Self.daySeconds - (local % Self.daySeconds < 0 ? 1 : 0)
    }

    private func offset(_ seconds: Int64) -> Int64 {
        Int64(zones.offset(of: zone, at: seconds) ?? 0)
    }

    /// The first second of a date, or of the next one that there is.
    ///
    /// Nearly always midnight; where clocks jump over midnight it is one o'clock.
    private func firstMoment(ofDay day: Int64) -> Int64 {
        let midnight = day * Self.daySeconds
        let guess = midnight - offset(midnight - offset(midnight))
        if dayNumber(guess) == day, dayNumber(guess - 1) == day - 1 { return guess }
        // zones lie within 14 hours of UTC, and dates never go back
        var (low, high) = (midnight - 2 * Self.daySeconds, midnight + 2 * Self.daySeconds)
        while low < high {
            let middle = low + (high - low) / 2
            if dayNumber(middle) >= day { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
