import TimeZones

/// Hours of a day in which only what is bad is told, by the clock on the wall of the site.
package struct QuietHours: Hashable, Sendable {
    /// Minutes of the day at which they begin and end, 0…1439, never the same; the end may lie on the next day.
    package let from: Int, to: Int

    /// Nil unless both are minutes of a day and differ.
    package init?(from: Int, to: Int) {
        guard (0..<1440).contains(from), (0..<1440).contains(to), from != to else { return nil }
        self.from = from
        self.to = to
    }

    /// Whether a minute of the day lies within.
    package func contains(_ minute: Int) -> Bool {
        from < to ? (from..<to).contains(minute) : minute >= from || minute < to
    }

    /// When the hours around a moment end; nil when the moment lies in none.
    ///
    /// Both are Unix times in milliseconds. A zone that this machine has not is UTC. It is looked at every quarter
    /// of an hour on the wall, because clocks are set in between: hours that a clock shows twice are quiet twice.
    package func end(around now: Int64, zone: String, zones: ZoneFolder) -> Int64? {
        let begin = now / 1000 - (now % 1000 < 0 ? 1 : 0)
        var moment = begin
        for _ in 0...200 {
            let minute =
                zones.minuteOfDay(moment, zone: zone) ?? zones.minuteOfDay(moment, zone: "UTC") ?? 0
            guard contains(minute) else { break }
            let rest = min(15 - minute % 15, (to - minute + 1440) % 1440)
            moment = (moment - moment % 60).addingSaturated(Int64(max(1, rest)) * 60)
        }
        return moment == begin ? nil : moment.multipliedSaturated(by: 1000)
    }
}

extension Int64 {
    fileprivate func multipliedSaturated(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? (self < 0 ? .min : .max) : product
    }
}

extension QuietHours: CustomStringConvertible {
    /// As people write them, `22:00-07:00`.
    package var description: String { "\(Self.clock(from))-\(Self.clock(to))" }

    /// A minute of the day as a clock shows it, `07:00`.
    package static func clock(_ minute: Int) -> String {
        func two(_ number: Int) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(two(minute / 60)):\(two(minute % 60))"
    }

    /// The minute of the day that `hh:mm` stands for; nil for any other text.
    package static func minute(of text: String) -> Int? {
        let letters = Array(text.utf8)
        guard letters.count == 5, letters[2] == UInt8(ascii: ":") else { return nil }
        let digits = [0, 1, 3, 4].map { Int(letters[$0]) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let (hour, minute) = (digits[0] * 10 + digits[1], digits[2] * 10 + digits[3])
        return hour < 24 && minute < 60 ? hour * 60 + minute : nil
    }
}
