/// A date of HTTP (RFC 9110 section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
package enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads any of its three forms; gives Unix time in seconds, or nil when it is none.
    ///
    /// The weekday is passed over. A year of two digits from 70 on belongs to 1970 to 1999. A leap second
    /// counts as the second after it.
    package static func parse(_ text: String) -> Int64? {
        guard text.utf8.count <= 40 else { return nil }
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        switch words.count {
        case 6 where words[5] == "GMT":
            return moment(day: words[1], month: words[2], year: words[3], time: words[4])
        case 5: return moment(day: words[2], month: words[1], year: words[4], time: words[3])
        default: return nil
        }
    }

    private static func moment(day: String, month: String, year: String, time: String) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let month = months.firstIndex(of: month),
            let day = number(day[...], upTo: 31), day > 0,
            var year = number(year[...], upTo: 9999), let hour = number(clock[0], upTo: 23),
            let minute = number(clock[1], upTo: 59), let second = number(clock[2], upTo: 60)
        else { return nil }
        if year < 100 { year += year >= 70 ? 1900 : 2000 }
        guard let days = days(year: year, month: Int64(month) + 1, day: day) else { return nil }
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, upTo limit: Int64) -> Int64? {
        guard (1...4).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int64(text),
            value <= limit
        else { return nil }
        return value
    }

    /// Days from 1970-01-01 to a date of the Gregorian calendar; nil when the month has no such day.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        let before = year - 1
        let years = before * 365 + before / 4 - before / 100 + before / 400
        return years - 719_162 + lengths.prefix(Int(month) - 1).reduce(0, +) + day - 1
    }
}
