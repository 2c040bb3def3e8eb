import SwiftASN1

/// A moment by the calendar, UTC, as ASN.1 writes it: in two digits of the year until 2049.
struct CalendarTime: Hashable, Sendable {
    /// Unix time in seconds, from the year 1970 to 9999.
    let seconds: Int64

    /// Takes a Unix time; one outside the range becomes its end.
    init(_ seconds: Int64) { self.seconds = min(max(seconds, 0), 253_402_300_799) }

    /// Reads either form; throws before 1970.
    init(_ nodes: inout ASN1NodeCollection.Iterator) throws {
        guard let node = nodes.next() else {
            throw ASN1Error.invalidASN1Object(reason: "no time where one should be")
        }
        if node.identifier == UTCTime.defaultIdentifier {
            let time = try UTCTime(derEncoded: node)
            self.init(
                Self.days(time.year, time.month, time.day) * 86_400
                    + Int64(time.hours * 3600 + time.minutes * 60 + time.seconds))
        } else {
            let time = try GeneralizedTime(derEncoded: node)
            self.init(
                Self.days(time.year, time.month, time.day) * 86_400
                    + Int64(time.hours * 3600 + time.minutes * 60 + time.seconds))
        }
    }

    /// Writes the form that its year asks for (RFC 5280 section 4.1.2.5).
    func append(to coder: inout DER.Serializer) throws {
        let (year, month, day) = Self.civil(seconds / 86_400)
        let second = Int(seconds % 86_400)
        let (hours, minutes) = (second / 3600, second / 60 % 60)
        if (1950...2049).contains(year) {
            try coder.serialize(
                try UTCTime(
                    year: year, month: month, day: day, hours: hours, minutes: minutes,
                    seconds: second % 60))
        } else {
            try coder.serialize(
                try GeneralizedTime(
                    year: year, month: month, day: day, hours: hours, minutes: minutes,
                    seconds: second % 60, fractionalSeconds: 0))
        }
    }

    /// Year, month and day of a day since 1970; years are counted from March, so that the odd day of a
    /// leap year is their last.
    private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }

    /// The day since 1970 of a date, 0 before it.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        guard (1970...9999).contains(year) else { return 0 }
        let marchYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (marchYear / 400, marchYear % 400)
        let marchMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}
