extension JSONItem {
    /// This document as JSON without spaces, members in the order of their names' bytes.
    ///
    /// Equal documents give equal bytes, whatever order and layout they were written in. A number comes
    /// out as a whole where it is one, else with its exact decimals.
    package var canonicalText: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .number(let number): text += number.canonicalText
        case .string(let string): Self.write(string, to: &text)
        case .array(let items):
            text += "["
            for (index, item) in items.enumerated() {
                if index > 0 { text += "," }
                item.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            let ordered = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            for (index, member) in ordered.enumerated() {
                if index > 0 { text += "," }
                Self.write(member.name, to: &text)
                text += ":"
                member.item.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                text += "\\"
                text.unicodeScalars.append(scalar)
            case "\u{0}"..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONNumber {
    /// The number in digits: `12`, `0.05`, `-3.5e+40` only where digits would be absurd.
    package var canonicalText: String {
        if let integer { return "\(integer)" }
        var digits = "\(coefficient.magnitude)"
        let sign = coefficient < 0 ? "-" : ""
        guard exponent < 0, exponent > -40 else { return "\(sign)\(digits)e\(exponent)" }
        let decimals = -exponent
        if digits.utf8.count <= decimals {
            digits = String(repeating: "0", count: decimals - digits.utf8.count + 1) + digits
        }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        var fraction = digits[cut...]
        while fraction.last == "0" { fraction.removeLast() }
        return "\(sign)\(digits[..<cut])" + (fraction.isEmpty ? "" : ".\(fraction)")
    }
}
