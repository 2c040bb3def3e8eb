/// Text of a JSON document, written in the order in which it is built.
package enum JSONText {
    /// An object of members already written as JSON.
    static func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(string($0.0)): \($0.1)" }.joined(separator: ", ") + "}"
    }

    /// An array of values already written as JSON.
    static func array(_ values: [String]) -> String { "[" + values.joined(separator: ", ") + "]" }

    /// A string with everything escaped that must be.
    static func string(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A number with a fixed count of decimals; `null` when it is not finite.
    static func number(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "null" }
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let units = Int64((value * factor).rounded())
        guard decimals > 0 else { return String(units) }
        var digits = String(units.magnitude)
        while digits.count <= decimals { digits = "0" + digits }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        return (units < 0 ? "-" : "") + digits[..<cut] + "." + digits[cut...]
    }

    /// `true` or `false`.
    static func bool(_ value: Bool) -> String { value ? "true" : "false" }

    /// A number or `null`.
    static func optional(_ value: Double?, decimals: Int) -> String {
        value.map { number($0, decimals: decimals) } ?? "null"
    }
}
