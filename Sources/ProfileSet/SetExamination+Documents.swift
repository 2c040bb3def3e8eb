import StrictJSON

extension SetExamination {
    /// The document of a map or a profile as people read it, with what it extends merged in; nil
    /// when it is missing or no JSON.
    package func document(_ place: SetPath) -> JSONItem? {
        Engines.document(place, bytes)
    }
}

extension JSONItem {
    /// The texts of a list under a name; empty when there is none.
    package func texts(_ name: String) -> [String] {
        guard case .array(let items)? = member(name)?.value else { return [] }
        return items.compactMap { if case .string(let text) = $0.value { text } else { nil } }
    }
}

extension JSONItem {
    /// The item as JSON on one line; members keep their order.
    package var compact: String {
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .string(let text): return Self.quoted(text)
        case .number(let number):
            return number.exponent == 0
                ? "\(number.coefficient)" : "\(number.coefficient)e\(number.exponent)"
        case .array(let items): return "[" + items.map(\.compact).joined(separator: ",") + "]"
        case .object(let members):
            let texts = members.map { "\(Self.quoted($0.name)):\($0.item.compact)" }
            return "{" + texts.joined(separator: ",") + "}"
        }
    }

    /// A text as JSON writes it.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
