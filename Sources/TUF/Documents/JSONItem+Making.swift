import StrictJSON

extension JSONItem {
    /// An object that stands in no text.
    package static func object(_ members: [(String, JSONItem)]) -> JSONItem {
        JSONItem(
            value: .object(members.map { JSONMember(name: $0.0, item: $0.1) }), line: 0)
    }

    /// A list that stands in no text.
    package static func list(_ items: [JSONItem]) -> JSONItem {
        JSONItem(value: .array(items), line: 0)
    }

    /// A text that stands in no text.
    package static func text(_ text: String) -> JSONItem {
        JSONItem(value: .string(text), line: 0)
    }

    /// A whole number that stands in no text.
    package static func integer(_ number: Int64) -> JSONItem {
        JSONItem(value: .number(JSONNumber(integer: number)), line: 0)
    }

    /// True or false that stands in no text.
    package static func flag(_ flag: Bool) -> JSONItem {
        JSONItem(value: .bool(flag), line: 0)
    }
}
