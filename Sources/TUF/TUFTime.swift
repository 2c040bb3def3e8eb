/// A moment as metadata writes it: UTC, whole seconds.
package struct TUFTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Unix time in seconds, from the year 0 to 9999.
    package let seconds: Int64

    /// Takes a Unix time; one outside the years 1970 to 9999 becomes their end.
    package init(seconds: Int64) { self.seconds = min(max(seconds, 0), 253_402_300_799) }

    /// Reads `2031-02-28T23:59:59Z` and nothing else; nil for dates that no calendar has.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        let marks: [(Int, Unicode.Scalar)] = [
            (4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z"),
        ]
        guard marks.allSatisfy({ UInt32(bytes[$0.0]) == $0.1.value }),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...Self.days(month: month, year: year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        seconds =
            Self.day(year, month, day) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    /// The form that metadata has.
    package var description: String {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let second = Int(seconds - days * 86_400)
        let (year, month, day) = Self.date(days)
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = "\(number)"
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    package static func < (left: TUFTime, right: TUFTime) -> Bool { left.seconds < right.seconds }

    private static func days(month: Int, year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The day since 1970 of a date; years are counted from March, so that the odd day of a leap year
    /// is their last.
    private static func day(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let marchYear = (month <= 2 ? year - 1 : year) + 400
        let (era, yearOfEra) = (marchYear / 400, marchYear % 400)
        let marchMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64((era - 1) * 146_097 + dayOfEra - 719_468)
    }

    private static func date(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468 + 146_097
        let (era, dayOfEra) = (shifted / 146_097 - 1, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        return (
            era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * marchMonth + 2) / 5 + 1
        )
    }
}
