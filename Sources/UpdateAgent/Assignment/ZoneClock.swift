import GatewaySettings

/// The time of day in a zone, by the zone files of the machine.
///
/// The small Foundation knows no zones, and the C library's are those of the whole process.
package struct ZoneClock: Sendable {
    private let folder: String

    /// Reads the files of `folder`.
    package init(folder: String = "/usr/share/zoneinfo") { self.folder = folder }

    /// The minute of the day, 0…1439, at a moment in seconds since 1970; nil when the machine does not
    /// know the zone.
    package func minuteOfDay(_ seconds: Int64, zone: String) -> Int? {
        guard MaintenanceWindow.isZone(zone),
            let bytes = try? FileBytes.read("\(folder)/\(zone)", limit: 1 << 18),
            let rules = ZoneFile(bytes)
        else { return nil }
        let (local, overflow) = seconds.addingReportingOverflow(Int64(rules.offset(at: seconds)))
        guard !overflow else { return nil }
        let second = local % 86_400
        return Int((second < 0 ? second + 86_400 : second) / 60)
    }
}
