/// When to ask again, as the header field `Retry-After` says (RFC 9110 section 10.2.3).
package enum RetryAfter: Hashable, Sendable {
    /// So many seconds after the answer, 0 to ``longest``.
    case seconds(Int64)
    /// At a moment, Unix time in seconds by the server's clock.
    case date(Int64)

    /// The longest wait that is believed, in seconds: a year.
    ///
    /// Longer ones count as this.
    package static let longest: Int64 = 366 * 86_400

    /// Reads the field; nil when it is neither a number of seconds nor a date.
    package static func parse(_ field: String) -> RetryAfter? {
        let text = field.drop { $0 == " " || $0 == "\t" }
        let digits = text.utf8.prefix { (0x30...0x39).contains($0) }
        let rest = text.utf8.dropFirst(digits.count)
        if !digits.isEmpty, rest.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) {
            let value = digits.reduce(into: Int64(0)) { value, digit in
                value = min(longest, value * 10 + Int64(digit - 0x30))
            }
            return .seconds(value)
        }
        return HTTPDate.parse(String(text)).map(RetryAfter.date)
    }

    /// Seconds to wait from `now`, Unix time in seconds; 0 to ``longest``.
    ///
    /// A date means nothing beside a wrong clock: give the answer's own `Date` where there is one.
    package func wait(now: Int64) -> Int64 {
        switch self {
        case .seconds(let seconds): return max(0, min(Self.longest, seconds))
        case .date(let moment):
            let (wait, overflow) = moment.subtractingReportingOverflow(now)
            if overflow { return moment > now ? Self.longest : 0 }
            return max(0, min(Self.longest, wait))
        }
    }
}
