/// How long a certificate or list is good for.
package struct Lifetime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The units of the text form, largest first, with their seconds; a year has 365 days.
    private static let units: [(name: Character, seconds: Int64)] = [
        ("y", 31_536_000), ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60),
    ]

    /// Its length in seconds, more than zero.
    package let seconds: Int64

    /// So many days, at least one.
    package static func days(_ count: Int32) -> Lifetime {
        Lifetime(seconds: max(1, Int64(count)) * 86_400)
    }

    /// So many minutes, at least one.
    package static func minutes(_ count: Int32) -> Lifetime {
        Lifetime(seconds: max(1, Int64(count)) * 60)
    }

    private init(seconds: Int64) { self.seconds = seconds }

    /// Parses a whole number and a unit, `90d`; throws with what was found and what is allowed.
    ///
    /// `what` names the option or file in the sentence.
    package static func parse(
        _ text: some StringProtocol, of what: String, allowed: ClosedRange<Lifetime>
    ) throws(AuthorityError) -> Lifetime {
        let digits = text.utf8.dropLast()
        guard let last = text.last, let unit = units.first(where: { $0.name == last }),
            (1...9).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int64(text.dropLast())
        else {
            throw .request(
                "'\(what)' is '\(text.prefix(40))', expected a whole number and one of the units "
                    + "'m', 'h', 'd', 'w' and 'y', such as '90d'")
        }
        // nine digits of years fit 64 bits of seconds
        let lifetime = Lifetime(seconds: count * unit.seconds)
        guard allowed.contains(lifetime) else {
            throw .request(
                "'\(what)' is '\(text)', allowed \(allowed.lowerBound)…\(allowed.upperBound)")
        }
        return lifetime
    }

    /// The text form with the largest unit that divides it, `90d`.
    package var description: String {
        for unit in Self.units where seconds % unit.seconds == 0 {
            return "\(seconds / unit.seconds)\(unit.name)"
        }
        return "\(seconds)s"
    }

    /// Shorter is less.
    package static func < (left: Lifetime, right: Lifetime) -> Bool { left.seconds < right.seconds }
}
