/// A value of a TOML document.
package enum TOMLValue {
    case text(String)
    case integer(Int)
    case decimal(Double)
    case flag(Bool)
    case array([TOMLItem])
    case table(TOMLTable)

    /// The kind in words, for sentences such as "is a text, expected a whole number".
    package var kind: String {
        switch self {
        case .text: "a text"
        case .integer: "a whole number"
        case .decimal: "a number with decimals"
        case .flag: "true or false"
        case .array: "a list"
        case .table: "a table"
        }
    }
}

/// A value and the line it stands on.
package struct TOMLItem {
    /// The value.
    package let value: TOMLValue
    /// The line from 1.
    package let line: Int
    /// The layer it comes from; a TOML text is the file.
    package var layer = SettingLayer.file
}

/// A table of a TOML document, with keys in the order of the file.
package final class TOMLTable {
    /// Where the table came from; it decides what may still be added to it.
    enum Origin { case header, parentOfHeader, dottedKey, inline }

    /// The line of the header or of the first key.
    package let line: Int
    private(set) var items: [String: TOMLItem] = [:]
    /// The keys in the order of the file.
    package private(set) var keys: [String] = []
    var origin: Origin

    init(line: Int, origin: Origin) {
        self.line = line
        self.origin = origin
    }

    /// The item under a key.
    package subscript(key: String) -> TOMLItem? { items[key] }

    func insert(_ item: TOMLItem, under key: String) {
        if items.updateValue(item, forKey: key) == nil { keys.append(key) }
    }
}

/// Why a text is not TOML, and where.
package struct TOMLError: Error, Hashable, CustomStringConvertible {
    /// The line from 1.
    package let line: Int
    /// The byte in that line from 1.
    package let column: Int
    /// What was expected and found.
    package let message: String

    /// `line 3, column 7: expected '=' after key 'baud', found end of line`.
    package var description: String { "line \(line), column \(column): \(message)" }
}
