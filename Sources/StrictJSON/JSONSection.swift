/// One fault in a document, with its line.
package struct DocumentFault: Hashable, Sendable, CustomStringConvertible {
    /// The line from 1, or 0.
    package let line: Int
    /// What is wrong, naming the path, what was found and what is allowed.
    package let message: String

    /// `line 12: 'blocks[0].count' is 200, allowed 1…125`.
    package var description: String { line > 0 ? "line \(line): \(message)" : message }
}

/// Collects the faults of one document.
package final class FaultList {
    /// Every fault so far.
    package private(set) var faults: [DocumentFault] = []

    /// No faults.
    package init() {}

    /// Notes a fault.
    package func add(line: Int, _ message: String) {
        faults.append(DocumentFault(line: line, message: message))
    }
}

/// Reads typed members out of an object and notes every fault on the way, unknown names included.
///
/// A getter that finds a fault returns nil or the default, so that one pass lists all faults.
package struct JSONSection {
    /// The path of the object in the document, empty for the document itself.
    package let path: String
    /// The line of the object.
    package let line: Int
    /// Where faults go.
    package let faults: FaultList
    private let members: [JSONMember]
    private var asked: Set<String> = []

    /// Opens an object; anything else is a fault and reads as an empty object.
    package init(_ item: JSONItem, path: String, faults: FaultList) {
        self.path = path
        self.faults = faults
        line = item.line
        if case .object(let members) = item.value {
            self.members = members
        } else {
            members = []
            let name = path.isEmpty ? "the document" : "'\(path)'"
            faults.add(line: item.line, "\(name) is \(item.value.kind), expected an object")
        }
    }

    /// Opens the object that a document is; text that is no JSON is a fault and gives nil.
    package init?(parsing bytes: [UInt8], faults: FaultList) {
        do {
            self.init(try JSONParser.parse(bytes), path: "", faults: faults)
        } catch {
            faults.add(line: error.line, "column \(error.column): \(error.message)")
            return nil
        }
    }

    /// The full path of a member.
    package func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Notes a fault at a member, or at the object when it has none of that name.
    package func fault(_ key: String, _ message: String) {
        let line = members.first { $0.name == key }?.item.line ?? line
        faults.add(line: line, "'\(name(key))' \(message)")
    }

    /// The member, or nil.
    package mutating func item(_ key: String) -> JSONItem? {
        asked.insert(key)
        return members.first { $0.name == key }?.item
    }

    /// Whether there is a member of this name; looking is not asking for it.
    package func has(_ key: String) -> Bool { members.contains { $0.name == key } }

    /// All names in the order of the document; reading them counts as asking for them.
    package mutating func names() -> [String] {
        for member in members { asked.insert(member.name) }
        return members.map(\.name)
    }

    /// A text, or nil.
    package mutating func string(_ key: String) -> String? {
        guard let item = item(key) else { return nil }
        if case .string(let text) = item.value { return text }
        fault(key, "is \(item.value.kind), expected a text")
        return nil
    }

    /// A text that must be there.
    package mutating func requiredString(_ key: String) -> String {
        let isGiven = item(key) != nil
        if let text = string(key), !text.isEmpty { return text }
        fault(key, isGiven ? "is empty or no text" : "is missing, expected a text")
        return ""
    }

    /// One word of a list.
    package mutating func word<Word>(
        _ key: String, _ words: [(String, Word)], default fallback: Word? = nil
    ) -> Word? {
        guard let text = string(key) else {
            if item(key) == nil, fallback == nil { fault(key, "is missing") }
            return fallback
        }
        if let match = words.first(where: { $0.0 == text }) { return match.1 }
        fault(key, "is '\(text)', allowed \(words.map { "'\($0.0)'" }.joined(separator: ", "))")
        return fallback
    }

    /// A whole number, or a text such as "0x1000"; nil when absent or wrong.
    package mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let item = item(key) else { return nil }
        guard let value = Self.integer(item.value) else {
            fault(key, "is \(item.value.kind), expected a whole number such as 16 or \"0x10\"")
            return nil
        }
        if range.contains(value) { return value }
        fault(key, "is \(value), allowed \(range.lowerBound)…\(range.upperBound)")
        return nil
    }

    /// A whole number that must be there.
    package mutating func requiredInteger(_ key: String, in range: ClosedRange<Int>) -> Int? {
        if item(key) == nil { fault(key, "is missing, expected a whole number") }
        return integer(key, in: range)
    }

    /// A decimal number, or nil.
    package mutating func number(_ key: String) -> JSONNumber? {
        guard let item = item(key) else { return nil }
        if case .number(let number) = item.value { return number }
        fault(key, "is \(item.value.kind), expected a number")
        return nil
    }

    /// A number in thousandths of its unit, or nil.
    package mutating func thousandths(_ key: String, in range: ClosedRange<Int>) -> Int32? {
        guard let number = number(key) else { return nil }
        guard let value = number.scaled(by: 3),
            value >= Int64(range.lowerBound) * 1000, value <= Int64(range.upperBound) * 1000
        else {
            let allowed = "\(range.lowerBound)…\(range.upperBound)"
            fault(key, "is out of range or finer than 0.001, allowed \(allowed)")
            return nil
        }
        return Int32(truncatingIfNeeded: value)
    }

    /// True or false.
    package mutating func bool(_ key: String, default fallback: Bool) -> Bool {
        guard let item = item(key) else { return fallback }
        if case .bool(let flag) = item.value { return flag }
        fault(key, "is \(item.value.kind), expected true or false")
        return fallback
    }

    /// The object under a name, or nil.
    package mutating func section(_ key: String) -> JSONSection? {
        item(key).map { JSONSection($0, path: name(key), faults: faults) }
    }

    /// The objects of a list; absent is empty.
    package mutating func sections(_ key: String) -> [JSONSection] {
        items(key).enumerated().map { index, item in
            JSONSection(item, path: "\(name(key))[\(index)]", faults: faults)
        }
    }

    /// The objects of a list with at least one, read in turn and told apart by their text under `field`.
    package mutating func distinct<Element>(
        _ key: String, by field: String, read: (JSONSection) -> Element
    ) -> [Element] {
        let sections = sections(key)
        if sections.isEmpty { fault(key, "is missing or empty, expected at least one entry") }
        var seen: Set<String> = []
        return sections.map { section in
            let element = read(section)
            let member = section.members.first { $0.name == field }
            if case .string(let text)? = member?.item.value, !seen.insert(text).inserted {
                section.fault(field, "is '\(text)' twice")
            }
            return element
        }
    }

    /// The elements of a list; absent is empty.
    package mutating func items(_ key: String) -> [JSONItem] {
        guard let item = item(key) else { return [] }
        if case .array(let items) = item.value { return items }
        fault(key, "is \(item.value.kind), expected a list")
        return []
    }

    /// The texts of a list; absent is empty.
    package mutating func strings(_ key: String) -> [String] {
        items(key).compactMap { item in
            if case .string(let text) = item.value { return text }
            fault(key, "contains \(item.value.kind), expected texts")
            return nil
        }
    }

    /// The whole numbers of a list; absent is empty.
    package mutating func integers(_ key: String) -> [Int] {
        items(key).compactMap { item in
            if let value = Self.integer(item.value) { return value }
            fault(key, "contains \(item.value.kind), expected whole numbers")
            return nil
        }
    }

    /// Notes every member that nobody asked for.
    package func finish() {
        for member in members where !asked.contains(member.name) {
            faults.add(
                line: member.item.line,
                "'\(name(member.name))' is not known here, allowed \(asked.sorted().joined(separator: ", "))"
            )
        }
    }

    /// A whole number written as one or as a text such as "0x1000" or "16".
    package static func integer(_ value: JSONValue) -> Int? {
        switch value {
        case .number(let number): number.integer.map(Int.init)
        case .string(let text):
            // Swift would take a sign anywhere: "+16", "0x-10".
            text.contains("+") || text.hasPrefix("0x-")
                ? nil
                : text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
        default: nil
        }
    }
}
