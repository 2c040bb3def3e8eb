/// The time of day in which a gateway may go over to a set, in the site's own zone.
package struct MaintenanceWindow: Hashable, Sendable {
    /// The first minute of the day, 0…1439.
    package let from: Int
    /// The minute at which it is over, 0…1439; before `from` when it goes over midnight.
    package let to: Int
    /// The IANA name of the zone: `Europe/Berlin`.
    package let zone: String

    /// Joins the parts; minutes outside the day count as its edge.
    package init(from: Int, to: Int, zone: String) {
        self.from = min(max(0, from), 1439)
        self.to = min(max(0, to), 1439)
        self.zone = zone
    }

    /// Whether a minute of the day lies in it; the same minute twice is the whole day.
    package func contains(minute: Int) -> Bool {
        if from == to { return true }
        return from < to
            ? minute >= from && minute < to : minute >= from || minute < to
    }

    /// The minute of the day that `HH:MM` names, 00:00 to 23:59.
    static func minute(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        let digits = [bytes[0], bytes[1], bytes[3], bytes[4]].map { Int($0) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        return hour < 24 && minute < 60 ? hour * 60 + minute : nil
    }
}
