/// Dates of RFC 3339.
package enum Timestamp {
    /// Unix time in milliseconds of `2026-11-24T13:05:00.123Z`; nil when the bytes are no such date.
    ///
    /// Offsets and up to nine decimals of a second are taken, and cut to milliseconds. A leap second
    /// counts as the second after it, as the clocks of the gateways do.
    package static func milliseconds(_ text: some RandomAccessCollection<UInt8>) -> Int64? {
        var rest = Digits(text)
        guard let year = rest.number(4), rest.take("-"), let month = rest.number(2),
            rest.take("-"), let day = rest.number(2), rest.takeLetter("t"),
            let hour = rest.number(2), rest.take(":"), let minute = rest.number(2),
            rest.take(":"), let second = rest.number(2), let fraction = rest.fraction(),
            let offset = rest.offset(), rest.isAtEnd
        else { return nil }
        guard (1...12).contains(month), (1...length(of: month, in: year)).contains(day),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return (seconds - offset) * 1000 + fraction
    }

    private static func length(of month: Int64, in year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin on 1 March.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// What is left of a date.
    private struct Digits<Text: RandomAccessCollection<UInt8>> {
        private var rest: Text.SubSequence

        init(_ text: Text) { rest = text[...] }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func number(_ count: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<count {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard let first = rest.first, first == UInt8(ascii: character) else { return false }
            rest = rest.dropFirst()
            return true
        }

        mutating func takeLetter(_ lower: Unicode.Scalar) -> Bool {
            guard let first = rest.first, first | 0x20 == UInt8(ascii: lower) else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// Milliseconds; 0 where there are no decimals.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            var value: Int64 = 0
            var count = 0
            while let digit = digit() {
                if count < 3 { value = value * 10 + digit }
                count += 1
            }
            guard (1...9).contains(count) else { return nil }
            while count < 3 {
                value *= 10
                count += 1
            }
            return value
        }

        /// Seconds east of UTC.
        mutating func offset() -> Int64? {
            if takeLetter("z") { return 0 }
            let isWest = rest.first == UInt8(ascii: "-")
            guard take("-") || take("+"), let hours = number(2), take(":"),
                let minutes = number(2), hours < 24, minutes < 60
            else { return nil }
            return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
        }

        private mutating func digit() -> Int64? {
            guard let first = rest.first, first &- 0x30 < 10 else { return nil }
            rest = rest.dropFirst()
            return Int64(first &- 0x30)
        }
    }
}
