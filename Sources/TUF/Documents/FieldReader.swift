import StrictJSON

/// Reads the fields of one object of metadata; a field that is not as it should be ends the reading.
struct FieldReader {
    /// Whose metadata it is.
    let role: TUFName
    /// All members in the order of the document.
    let members: [JSONMember]
    /// The path of the object in the document, with a dot at its end; empty for the document.
    private let place: String

    /// Opens an object.
    init(_ item: JSONItem, role: TUFName, place: String) throws(TUFFault) {
        guard case .object(let members) = item.value else {
            let name = place.isEmpty ? "the document" : "'\(place)'"
            throw .malformed(role, "\(name) is \(item.value.kind), expected an object")
        }
        self.role = role
        self.members = members
        self.place = place.isEmpty ? "" : place + "."
    }

    /// A field, or nil.
    func item(_ key: String) -> JSONItem? {
        members.first { $0.name.utf8.elementsEqual(key.utf8) }?.item
    }

    /// The fault of a field.
    func fault(_ key: String, _ words: String) -> TUFFault {
        .malformed(role, "'\(place)\(TUFName(key))' \(words)")
    }

    /// A field that must be there.
    func required(_ key: String) throws(TUFFault) -> JSONItem {
        guard let item = item(key) else { throw fault(key, "is missing") }
        return item
    }

    /// A text.
    func text(_ key: String) throws(TUFFault) -> String {
        let item = try required(key)
        guard case .string(let text) = item.value else {
            throw fault(key, "is \(item.value.kind), expected a text")
        }
        return text
    }

    /// A whole number that must be there.
    func integer(_ key: String, in range: ClosedRange<Int64>) throws(TUFFault) -> Int64 {
        let item = try required(key)
        guard case .number(let number) = item.value, let integer = number.integer else {
            throw fault(key, "is \(item.value.kind), expected a whole number")
        }
        guard range.contains(integer) else {
            throw fault(key, "is \(integer), expected at least \(range.lowerBound)")
        }
        return integer
    }

    /// True or false; nil when absent.
    func flag(_ key: String) throws(TUFFault) -> Bool? {
        guard let item = item(key) else { return nil }
        guard case .bool(let flag) = item.value else {
            throw fault(key, "is \(item.value.kind), expected true or false")
        }
        return flag
    }

    /// An object.
    func object(_ key: String) throws(TUFFault) -> FieldReader {
        try FieldReader(try required(key), role: role, place: place + key)
    }

    /// The elements of a list.
    func list(_ key: String) throws(TUFFault) -> [JSONItem] {
        let item = try required(key)
        guard case .array(let items) = item.value else {
            throw fault(key, "is \(item.value.kind), expected a list")
        }
        return items
    }

    /// The texts of a list.
    func texts(_ key: String) throws(TUFFault) -> [String] {
        var texts: [String] = []
        for item in try list(key) {
            guard case .string(let text) = item.value else {
                throw fault(key, "contains \(item.value.kind), expected texts")
            }
            texts.append(text)
        }
        return texts
    }

    /// Opens an element of a list, or a member that is an object.
    func open(_ item: JSONItem, _ name: String) throws(TUFFault) -> FieldReader {
        try FieldReader(item, role: role, place: place + TUFName(name).description)
    }
}
