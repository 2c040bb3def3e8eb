/// Moments by RFC 3339, such as `2026-11-26T06:00:00.250Z` or with `+01:00` in place of `Z`.
package enum MomentText {
    /// Unix time in milliseconds; nil for what is no moment of the years 0001 to 9999.
    ///
    /// What is finer than a millisecond is cut; a leap second is the second after.
    package static func milliseconds(_ text: String) -> Int64? {
        var bytes = text.utf8[...]
        guard bytes.count <= 40, let year = number(&bytes, 4), take(&bytes, "-"),
            let month = number(&bytes, 2), take(&bytes, "-"), let day = number(&bytes, 2),
            take(&bytes, "Tt"), let hour = number(&bytes, 2), take(&bytes, ":"),
            let minute = number(&bytes, 2), take(&bytes, ":"), let second = number(&bytes, 2),
            let fraction = fraction(&bytes), let offset = offset(&bytes), bytes.isEmpty,
            year >= 1, (1...12).contains(month), (1...length(of: month, year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let seconds =
            days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60
        return seconds * 1000 + fraction
    }

    private static func take(_ bytes: inout Substring.UTF8View, _ one: String) -> Bool {
        guard let first = bytes.first, one.utf8.contains(first) else { return false }
        bytes.removeFirst()
        return true
    }

    private static func number(_ bytes: inout Substring.UTF8View, _ digits: Int) -> Int64? {
        let part = bytes.prefix(digits)
        guard part.count == digits, part.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        bytes.removeFirst(digits)
        return part.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Milliseconds behind a point; 0 when there is none, nil when nothing follows it.
    private static func fraction(_ bytes: inout Substring.UTF8View) -> Int64? {
        guard take(&bytes, ".") else { return 0 }
        let digits = bytes.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        bytes.removeFirst(digits.count)
        let three = (Array(digits) + [0x30, 0x30]).prefix(3)
        return three.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Minutes ahead of UTC.
    private static func offset(_ bytes: inout Substring.UTF8View) -> Int64? {
        if take(&bytes, "Zz") { return 0 }
        let isBehind = bytes.first == UInt8(ascii: "-")
        guard take(&bytes, "+-"), let hours = number(&bytes, 2), take(&bytes, ":"),
            let minutes = number(&bytes, 2), hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isBehind ? -1 : 1)
    }

    private static func length(of month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the Gregorian calendar.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let months = (1..<month).reduce(0) { $0 + length(of: $1, year) }
        let before = year - 1
        return before * 365 + before / 4 - before / 100 + before / 400 + months + day - 1 - 719_162
    }
}
