/// The hours of the day in which a site may be touched, by the clock on its wall.
///
/// It follows daylight saving as people do: on the night in spring whose hour is skipped, a window in
/// that hour does not open; in autumn it lasts an hour longer.
package struct MaintenanceWindow: Hashable, Sendable, CustomStringConvertible {
    /// The minute of the day at which it opens and at which it is closed again, 0…1439.
    ///
    /// One that closes before it opens goes past midnight.
    package let from: Int, to: Int

    /// Minutes from one look to the next when an opening is sought.
    private static let stride: Int64 = 60_000
    /// An opening or an end is sought for so long: two days, since spring may skip one of them.
    private static let reach: Int64 = 2 * 24 * 60 + 61

    /// Reads `01:00-05:30`; nil for anything else and for one that is never closed.
    package init?(_ text: String) {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let from = Self.minute(ends[0]), let to = Self.minute(ends[1]),
            from != to
        else { return nil }
        (self.from, self.to) = (from, to)
    }

    /// `01:00-05:30`.
    package var description: String { "\(opening)-\(closing)" }
    /// `01:00`.
    package var opening: String { Self.text(from) }
    /// `05:30`.
    package var closing: String { Self.text(to) }

    /// Whether it is open at a minute of the day.
    package func contains(_ minute: Int) -> Bool {
        from < to ? (from..<to).contains(minute) : minute >= from || minute < to
    }

    /// Whether it is open at a site at a Unix time in milliseconds.
    package func isOpen(in zone: String, at milliseconds: Int64, _ clock: ZoneClock) -> Bool {
        contains(clock.minuteOfDay(in: zone, at: milliseconds))
    }

    /// When it opens next, or now when it is open; Unix milliseconds.
    package func nextOpening(
        in zone: String, after milliseconds: Int64, _ clock: ZoneClock
    ) -> Int64 {
        if isOpen(in: zone, at: milliseconds, clock) { return milliseconds }
        return next(true, in: zone, after: milliseconds, clock)
    }

    /// When the window is closed that opens next after the one of a moment, if there is one then.
    ///
    /// Whoever is told in a window that is nearly over has a whole one to act.
    package func endOfNext(in zone: String, after milliseconds: Int64, _ clock: ZoneClock) -> Int64
    {
        var moment = milliseconds
        if isOpen(in: zone, at: moment, clock) {
            moment = next(false, in: zone, after: moment, clock)
        }
        return next(false, in: zone, after: next(true, in: zone, after: moment, clock), clock)
    }

    /// The first whole minute after a moment at which it is open, or closed.
    private func next(
        _ isWantedOpen: Bool, in zone: String, after milliseconds: Int64, _ clock: ZoneClock
    ) -> Int64 {
        var moment = milliseconds - milliseconds % Self.stride
        for _ in 0..<Self.reach {
            moment += Self.stride
            if isOpen(in: zone, at: moment, clock) == isWantedOpen { return moment }
        }
        return moment
    }

    private static func minute(_ text: Substring) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        let digits = [bytes[0], bytes[1], bytes[3], bytes[4]].map { Int($0) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        return hour < 24 && minute < 60 ? hour * 60 + minute : nil
    }

    private static func text(_ minute: Int) -> String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(two(minute / 60)):\(two(minute % 60))"
    }
}
