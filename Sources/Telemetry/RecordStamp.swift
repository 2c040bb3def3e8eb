import Quantities

/// When and as what a record was made (outbox rules 2 and 7).
package struct RecordStamp: Sendable {
    /// The gateway's id.
    package var gateway: String
    /// The epoch of the outbox; together with the sequence number it never repeats.
    package var epoch: Int64
    /// The sequence number in that epoch.
    package var sequence: Int64
    /// Unix time in nanoseconds, as this machine believes.
    package var wallNanoseconds: Int64
    /// Whether a time service had set the clock.
    package var isWallTrusted: Bool
    /// The kernel's id of this boot.
    package var bootID: String
    /// The monotonic clock of this boot.
    package var monotonic: Instant
    /// How the outbox is; nil leaves it out.
    package var outbox: OutboxSummary?

    /// Joins all parts.
    package init(
        gateway: String, epoch: Int64, sequence: Int64, wallNanoseconds: Int64,
        isWallTrusted: Bool, bootID: String, monotonic: Instant, outbox: OutboxSummary? = nil
    ) {
        self.outbox = outbox
        self.gateway = gateway
        self.epoch = epoch
        self.sequence = sequence
        self.wallNanoseconds = wallNanoseconds
        self.isWallTrusted = isWallTrusted
        self.bootID = bootID
        self.monotonic = monotonic
    }

    /// Writes the members every record begins with.
    func write(schema: StaticString, to writer: inout JSONWriter) {
        writer.name("schema")
        writer.string("\(schema)")
        writer.name("gateway")
        writer.string(gateway)
        writer.name("epoch")
        writer.integer(epoch)
        writer.name("seq")
        writer.integer(sequence)
        writer.name("time")
        writer.object { writer in
            writer.name("wall")
            writer.string(RFC3339.text(unixNanoseconds: wallNanoseconds))
            writer.name("trusted")
            writer.bool(isWallTrusted)
            writer.name("boot")
            writer.string(bootID)
            writer.name("monotonic_ms")
            writer.integer(monotonic.nanoseconds / 1_000_000)
        }
        if let outbox {
            writer.name("outbox")
            outbox.write(to: &writer)
        }
    }
}

/// Dates in the form 2026-11-24T13:05:00.123Z.
package enum RFC3339 {
    /// The text of a Unix time in milliseconds; one that nanoseconds cannot hold is shown at its end.
    package static func text(unixMilliseconds: Int64) -> String {
        let (nanoseconds, overflow) = unixMilliseconds.multipliedReportingOverflow(by: 1_000_000)
        return text(unixNanoseconds: overflow ? (unixMilliseconds < 0 ? .min : .max) : nanoseconds)
    }

    /// The text of a Unix time; 64 bits of nanoseconds reach from 1677 to 2262.
    package static func text(unixNanoseconds: Int64) -> String {
        let floor: Int64 = unixNanoseconds < 0 ? 999_999 : 0
        let milliseconds = unixNanoseconds.subtractingSaturated(floor) / 1_000_000
        var seconds = milliseconds / 1000
        var fraction = milliseconds % 1000
        if fraction < 0 {
            fraction += 1000
            seconds -= 1
        }
        var days = seconds / 86_400
        var second = seconds % 86_400
        if second < 0 {
            second += 86_400
            days -= 1
        }
        let (year, month, day) = civil(days)
        return
            "\(pad(year, 4))-\(pad(month, 2))-\(pad(day, 2))T"
            + "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))"
            + ".\(pad(fraction, 3))Z"
    }

    /// Year, month and day of a count of days since 1970-01-01 in the Gregorian calendar.
    ///
    /// Counts in eras of 400 years that begin on the first of March, so that the leap day is last.
    private static func civil(_ days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
