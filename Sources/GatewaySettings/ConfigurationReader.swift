/// Reads typed values out of a TOML document and collects every fault on the way.
///
/// A getter that finds a fault notes it and returns the default, so that one pass lists all faults.
/// Keys that nobody asked for are faults too: a misspelt key must not be silently ignored on a box
/// that nobody visits.
final class ConfigurationReader {
    private(set) var faults: [ConfigurationFault] = []

    /// Notes a fault in a line; 0 when it has none.
    func fault(line: Int, _ message: String) {
        faults.append(ConfigurationFault(line: line, message))
    }
}

/// One table of the document, with the keys that were asked for.
struct ConfigurationSection {
    let reader: ConfigurationReader
    /// The key of the table itself, empty for the document.
    let path: String
    private let table: TOMLTable?
    private var asked: [String] = []

    init(_ table: TOMLTable?, path: String, reader: ConfigurationReader) {
        self.table = table
        self.path = path
        self.reader = reader
    }

    /// Whether the table is in the file.
    var isPresent: Bool { table != nil }

    /// The full name of a key in this table.
    func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Whether the key is in the file.
    func has(_ key: String) -> Bool { table?[key] != nil }

    /// Notes a fault at the line of a key, or of the table where the key is absent.
    func fault(_ key: String, _ message: String) {
        let line = table?[key]?.line ?? (path.isEmpty ? 0 : table?.line ?? 0)
        reader.fault(line: line, message)
    }

    private mutating func value(_ key: String) -> TOMLValue? {
        asked.append(key)
        return table?[key]?.value
    }

    private func wrongType(_ key: String, _ found: TOMLValue, expected: String) {
        fault(key, "'\(name(key))' is \(found.kind), expected \(expected)")
    }

    /// A text, or nil when the key is absent or of another type.
    mutating func text(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        if case .text(let text) = value { return text }
        wrongType(key, value, expected: "a text in quotes")
        return nil
    }

    /// A text that must be there and not empty.
    mutating func requiredText(_ key: String) -> String {
        if let text = text(key) {
            if text.isEmpty { fault(key, "'\(name(key))' is empty") }
            return text
        }
        if !has(key) { fault(key, "'\(name(key))' is missing, expected a text") }
        return ""
    }

    /// One of a closed list of words.
    mutating func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Word
    ) -> Word where Word.RawValue == String {
        guard let text = text(key) else { return fallback }
        if let word = Word(rawValue: text) { return word }
        let allowed = Word.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        fault(key, "'\(name(key))' is '\(text)', allowed \(allowed)")
        return fallback
    }

    /// A whole number within a range.
    mutating func integer(
        _ key: String, default fallback: Int, in range: ClosedRange<Int>, unit: String = ""
    ) -> Int {
        integer(key, in: range, unit: unit) ?? fallback
    }

    /// A whole number within a range, or nil when the key is absent.
    mutating func integer(_ key: String, in range: ClosedRange<Int>, unit: String = "") -> Int? {
        guard let value = value(key) else { return nil }
        guard case .integer(let number) = value else {
            wrongType(key, value, expected: "a whole number")
            return nil
        }
        if range.contains(number) { return number }
        let suffix = unit.isEmpty ? "" : " \(unit)"
        fault(
            key,
            "'\(name(key))' is \(number), allowed \(range.lowerBound)…\(range.upperBound)\(suffix)")
        return nil
    }

    /// A number with decimals in thousandths of the unit its key names, or nil when absent.
    mutating func thousandths(_ key: String, in range: ClosedRange<Int>, unit: String) -> Int32? {
        guard let value = value(key) else { return nil }
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .decimal(let decimal): number = decimal
        default:
            wrongType(key, value, expected: "a number")
            return nil
        }
        guard number.isFinite, number >= Double(range.lowerBound),
            number <= Double(range.upperBound)
        else {
            fault(
                key,
                "'\(name(key))' is \(number), allowed \(range.lowerBound)…\(range.upperBound) \(unit)"
            )
            return nil
        }
        return Int32((number * 1000).rounded())
    }

    /// A yes or no.
    mutating func flag(_ key: String, default fallback: Bool) -> Bool {
        guard let value = value(key) else { return fallback }
        if case .flag(let flag) = value { return flag }
        wrongType(key, value, expected: "true or false")
        return fallback
    }

    /// A list of whole numbers within a range.
    mutating func integers(_ key: String, in range: ClosedRange<Int>) -> [Int] {
        guard let value = value(key) else { return [] }
        guard case .array(let items) = value else {
            wrongType(key, value, expected: "a list such as [1, 2, 3]")
            return []
        }
        return items.compactMap { item in
            guard case .integer(let number) = item.value else {
                fault(key, "'\(name(key))' contains \(item.value.kind), expected whole numbers")
                return nil
            }
            if range.contains(number) { return number }
            let allowed = "\(range.lowerBound)…\(range.upperBound)"
            fault(key, "'\(name(key))' contains \(number), allowed \(allowed)")
            return nil
        }
    }

    /// A list of texts.
    mutating func texts(_ key: String) -> [String] {
        guard let value = value(key) else { return [] }
        guard case .array(let items) = value else {
            wrongType(key, value, expected: "a list such as [\"a\", \"b\"]")
            return []
        }
        return items.compactMap { item in
            if case .text(let text) = item.value, !text.isEmpty { return text }
            fault(key, "'\(name(key))' contains \(item.value.kind), expected texts")
            return nil
        }
    }

    /// A table below this one.
    mutating func section(_ key: String) -> ConfigurationSection {
        let value = value(key)
        guard case .table(let table)? = value else {
            if let value { wrongType(key, value, expected: "a [\(key)] table") }
            return ConfigurationSection(nil, path: name(key), reader: reader)
        }
        return ConfigurationSection(table, path: name(key), reader: reader)
    }

    /// The elements of an array of tables.
    mutating func sections(_ key: String) -> [ConfigurationSection] {
        guard let value = value(key) else { return [] }
        guard case .array(let items) = value else {
            wrongType(key, value, expected: "[[\(key)]] tables")
            return []
        }
        return items.enumerated().map { index, item in
            let path = "\(name(key))[\(index)]"
            guard case .table(let table) = item.value else {
                wrongType(key, item.value, expected: "[[\(key)]] tables")
                return ConfigurationSection(nil, path: path, reader: reader)
            }
            return ConfigurationSection(table, path: path, reader: reader)
        }
    }

    /// Notes every key that nobody asked for, with the nearest known one.
    func finish() {
        guard let table else { return }
        for key in table.keys where !asked.contains(key) {
            let near = Suggestion.nearest(to: key, among: asked)
            let hint = near.map { ", did you mean '\(name($0))'?" } ?? ""
            fault(key, "'\(name(key))' is not a known key\(hint)")
        }
    }
}
