import Foundation

/// Tells the time of day in the zones of the sites.
package struct ZoneClock: Sendable {
    /// Seconds that a zone is ahead of UTC at a Unix time in seconds; nil for a zone it does not know.
    package let offset: @Sendable (_ zone: String, _ unixSeconds: Int64) -> Int?

    /// Asks a function.
    package init(_ offset: @escaping @Sendable (String, Int64) -> Int?) { self.offset = offset }

    /// The zones of the IANA database that comes with Foundation.
    package static let system = ZoneClock { zone, seconds in
        TimeZone(identifier: zone)?
            .secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds)))
    }

    /// Whether it knows a zone.
    package func knows(_ zone: String) -> Bool { offset(zone, 0) != nil }

    /// The minute of the day there, 0…1439, at a Unix time in milliseconds; UTC in an unknown zone.
    package func minuteOfDay(in zone: String, at milliseconds: Int64) -> Int {
        let seconds = milliseconds / 1000
        let local = seconds + Int64(offset(zone, seconds) ?? 0)
        let second = local % 86_400
        return Int((second < 0 ? second + 86_400 : second) / 60)
    }
}
