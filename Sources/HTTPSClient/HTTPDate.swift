/// Reads the three forms in which HTTP writes a date (RFC 9110 section 5.6.7).
package enum HTTPDate {
    /// Seconds since 1970 in UTC; nil when the text is no date.
    ///
    /// Years 1601…9999. A year of two digits, which only one obsolete form has, is 1970…2069. The name
    /// of the weekday is not held against the date.
    package static func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count <= 64 else { return nil }
        let words = bytes.split { $0 == 0x20 || $0 == 0x2C }
        switch words.count {
        case 6: return modern(words)  // Sun, 06 Nov 1994 08:49:37 GMT
        case 4: return dashed(words)  // Sunday, 06-Nov-94 08:49:37 GMT
        case 5: return unix(words)  // Sun Nov  6 08:49:37 1994
        default: return nil
        }
    }

    /// Seconds from 1970 to midnight of a day of the Gregorian calendar; nil when there is no such day.
    package static func seconds(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1601...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[Int(month) - 1] else { return nil }
        let before = year - 1
        let days = before * 365 + before / 4 - before / 100 + before / 400
        let inYear = lengths[..<(Int(month) - 1)].reduce(0, +) + day - 1
        return (days + inYear - 719_162) * 86_400  // days from year 1 to 1970
    }

    private static func modern(_ words: [ArraySlice<UInt8>]) -> Int64? {
        guard isZone(words[5]), words[3].count == 4, words[1].count == 2 else { return nil }
        return join(words[3], words[2], words[1], words[4])
    }

    private static func dashed(_ words: [ArraySlice<UInt8>]) -> Int64? {
        let parts = words[1].split(separator: 0x2D, omittingEmptySubsequences: false)
        guard isZone(words[3]), parts.count == 3, parts[0].count == 2, parts[2].count == 2,
            let short = ASCII.number(parts[2])
        else { return nil }
        let year = Array("\(short < 70 ? 2000 + short : 1900 + short)".utf8)
        return join(year[...], parts[1], parts[0], words[2])
    }

    private static func unix(_ words: [ArraySlice<UInt8>]) -> Int64? {
        guard words[4].count == 4, words[2].count <= 2 else { return nil }
        return join(words[4], words[1], words[2], words[3])
    }

    private static func join(
        _ year: ArraySlice<UInt8>, _ month: ArraySlice<UInt8>, _ day: ArraySlice<UInt8>,
        _ time: ArraySlice<UInt8>
    ) -> Int64? {
        let clock = time.split(separator: 0x3A, omittingEmptySubsequences: false)
        guard clock.count == 3, clock.allSatisfy({ $0.count == 2 }),
            let hour = ASCII.number(clock[0]), hour < 24,
            let minute = ASCII.number(clock[1]), minute < 60,
            let second = ASCII.number(clock[2]), second <= 60,  // 60: a leap second
            let year = ASCII.number(year), let day = ASCII.number(day),
            let month = months.firstIndex(of: Array(month)),
            let midnight = seconds(year: year, month: Int64(month) + 1, day: day)
        else { return nil }
        return midnight + hour * 3600 + minute * 60 + second
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ].map { Array($0.utf8) }

    private static func isZone(_ word: ArraySlice<UInt8>) -> Bool {
        word.elementsEqual("GMT".utf8) || word.elementsEqual("UTC".utf8)
    }
}
