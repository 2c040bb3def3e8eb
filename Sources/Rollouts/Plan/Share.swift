/// So many of a number of gateways: a count, or a part of them.
package enum Share: Hashable, Sendable, CustomStringConvertible {
    /// That many, 0 or more.
    case count(Int)
    /// A part in hundredths of a percent, 0…10000.
    case part(Int)

    /// All of them.
    package static var all: Share { .part(10_000) }

    /// Reads `25`, `5%` or `0.25%`; nil for anything else and for more than 100 %.
    package init?(_ text: String) {
        guard text.utf8.last == UInt8(ascii: "%") else {
            guard let count = Self.digits(text, most: 7) else { return nil }
            self = .count(count)
            return
        }
        let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ Self.digits(String($0), most: 3) }) else {
            return nil
        }
        var hundredths = whole * 100
        if parts.count == 2 {
            guard let decimals = Self.digits(String(parts[1]), most: 2) else { return nil }
            hundredths += parts[1].utf8.count == 1 ? decimals * 10 : decimals
        }
        guard parts.count <= 2, hundredths <= 10_000 else { return nil }
        self = .part(hundredths)
    }

    /// `25`, `5%`, `0.25%`.
    package var description: String {
        switch self {
        case .count(let count): return "\(count)"
        case .part(let hundredths):
            let decimals = hundredths % 100
            guard decimals > 0 else { return "\(hundredths / 100)%" }
            let text =
                decimals % 10 == 0 ? "\(decimals / 10)" : (decimals < 10 ? "0" : "") + "\(decimals)"
            return "\(hundredths / 100).\(text)%"
        }
    }

    /// How many that is of `total` at least: a part of a gateway counts as a whole one.
    package func roundedUp(of total: Int) -> Int {
        switch self {
        case .count(let count): min(count, total)
        case .part(let hundredths): (total * hundredths + 9_999) / 10_000
        }
    }

    /// How many that is of `total` at most: a part of a gateway does not count.
    package func roundedDown(of total: Int) -> Int {
        switch self {
        case .count(let count): min(count, total)
        case .part(let hundredths): total * hundredths / 10_000
        }
    }

    private static func digits(_ text: String, most: Int) -> Int? {
        guard (1...most).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text)
    }
}
