import TimeZones

/// Tells the time of day in the zones of the sites.
package struct ZoneClock: Sendable {
    /// Seconds that a zone is ahead of UTC at a Unix time in seconds; nil for a zone it does not know.
    package let offset: @Sendable (_ zone: String, _ unixSeconds: Int64) -> Int?

    /// Asks a function.
    package init(_ offset: @escaping @Sendable (String, Int64) -> Int?) { self.offset = offset }

    /// The zones of this machine.
    package static let system: ZoneClock = {
        let zones = ZoneFolder()
        return ZoneClock { zone, seconds in zones.offset(of: zone, at: seconds) }
    }()

    /// What a zone must be, for sentences.
    package static var expected: String {
        "a name such as 'Europe/Berlin' of those in \(ZoneFolder.usual)"
    }

    /// Whether it knows a zone.
    package func knows(_ zone: String) -> Bool { offset(zone, 0) != nil }

    /// The minute of the day there, 0…1439, at a Unix time in milliseconds; UTC in an unknown zone.
    package func minuteOfDay(in zone: String, at milliseconds: Int64) -> Int {
        let seconds = milliseconds / 1000
        let (sum, overflow) = seconds.addingReportingOverflow(Int64(offset(zone, seconds) ?? 0))
        let second = (overflow ? seconds : sum) % 86_400
        return Int((second < 0 ? second + 86_400 : second) / 60)
    }
}
