/// A value of a JSON text, with numbers kept exactly as they were written.
package indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONItem])
    case object([JSONMember])

    /// The kind in words, for sentences such as "is a text, expected a number".
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

/// A value and the line it stands on.
package struct JSONItem: Sendable {
    /// The value.
    package let value: JSONValue
    /// The line from 1; 0 when it stands in no text at hand.
    package let line: Int

    /// Joins both.
    package init(value: JSONValue, line: Int) {
        self.value = value
        self.line = line
    }
}

/// One member of an object.
package struct JSONMember: Sendable {
    /// The name.
    package let name: String
    /// The value and its line.
    package let item: JSONItem

    /// Joins both.
    package init(name: String, item: JSONItem) {
        self.name = name
        self.item = item
    }
}

/// A decimal number: `coefficient` × 10^`exponent`, exact.
package struct JSONNumber: Hashable, Sendable {
    /// All digits with the sign.
    package let coefficient: Int64
    /// The power of ten, −300…300.
    package let exponent: Int

    /// A whole number.
    package init(integer: Int64) { self.init(coefficient: integer, exponent: 0) }

    /// Joins both.
    init(coefficient: Int64, exponent: Int) {
        self.coefficient = coefficient
        self.exponent = exponent
    }

    /// The number as a whole, or nil when it has decimals or does not fit.
    package var integer: Int64? { scaled(by: 0) }

    /// The number times 10^`power` as a whole, or nil when that has decimals or does not fit.
    package func scaled(by power: Int) -> Int64? {
        var value = coefficient
        var left = exponent + power
        while left > 0, value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            left -= 1
        }
        while left < 0, value != 0 {
            guard value % 10 == 0 else { return nil }
            value /= 10
            left += 1
        }
        return value
    }
}

/// Why a text is not JSON, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line from 1.
    package let line: Int
    /// The byte in that line from 1.
    package let column: Int
    /// What was expected and found.
    package let message: String

    /// `line 3, column 7: expected ':' after the name, found '1'`.
    package var description: String { "line \(line), column \(column): \(message)" }
}
