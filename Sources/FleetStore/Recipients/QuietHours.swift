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
