/// Reads a TOML 1.0 text into tables that know their lines.
///
/// The one TOML library at hand (toml++ through TOMLKit) stops the process on some malformed texts
/// (`[=]`, `key = ,`), takes a zero byte for the end and keeps no lines for keys. A configuration
/// file is typed by people, so this reader refuses such texts with a sentence instead. Dates and
/// times, which no key of ours has, are refused.
package struct TOMLReader {
    private static var deepestNesting: Int { 32 }

    private var scanner: TOMLScanner
    private let root = TOMLTable(line: 1, origin: .header)
    private var current: TOMLTable

    private init(_ bytes: [UInt8]) {
        scanner = TOMLScanner(bytes)
        current = root
    }

    /// The document's root table.
    package static func read(_ bytes: [UInt8]) throws(TOMLError) -> TOMLTable {
        var reader = TOMLReader(bytes)
        try reader.readDocument()
        return reader.root
    }

    private mutating func readDocument() throws(TOMLError) {
        if String(validating: scanner.bytes, as: UTF8.self) == nil {
            throw scanner.error("the text is not valid UTF-8")
        }
        scanner.skipByteOrderMark()
        while true {
            try scanner.skipBlankLines()
            guard let byte = scanner.peek else { return }
            if byte == UInt8(ascii: "[") {
                try readHeader()
            } else {
                try readPair(into: current, depth: 0)
            }
            try scanner.expectEndOfLine()
        }
    }

    private mutating func readHeader() throws(TOMLError) {
        let line = scanner.line
        scanner.advance()
        let isArray = scanner.take("[")
        let path = try readPath(purpose: "a table name after '['")
        guard scanner.take("]"), !isArray || scanner.take("]") else {
            throw scanner.unexpected(expected: isArray ? "']]'" : "']'")
        }
        let parent = try descend(path.dropLast(), from: root, origin: .parentOfHeader, line: line)
        guard let name = path.last else { return }
        current =
            isArray
            ? try beginElement(name, in: parent, line: line)
            : try beginTable(name, in: parent, line: line)
    }

    private func beginTable(
        _ name: String, in parent: TOMLTable, line: Int
    ) throws(TOMLError) -> TOMLTable {
        if let existing = parent[name] {
            guard case .table(let table) = existing.value, table.origin == .parentOfHeader else {
                throw scanner.error("'\(name)' is already defined in line \(existing.line)")
            }
            table.origin = .header
            return table
        }
        let table = TOMLTable(line: line, origin: .header)
        parent.insert(TOMLItem(value: .table(table), line: line), under: name)
        return table
    }

    private func beginElement(
        _ name: String, in parent: TOMLTable, line: Int
    ) throws(TOMLError) -> TOMLTable {
        let table = TOMLTable(line: line, origin: .header)
        let element = TOMLItem(value: .table(table), line: line)
        guard let existing = parent[name] else {
            parent.insert(TOMLItem(value: .array([element]), line: line), under: name)
            return table
        }
        guard case .array(let elements) = existing.value, let first = elements.first,
            case .table(let firstTable) = first.value, firstTable.origin == .header
        else { throw scanner.error("'\(name)' is already defined in line \(existing.line)") }
        parent.insert(
            TOMLItem(value: .array(elements + [element]), line: existing.line), under: name)
        return table
    }

    /// Follows a path of table names, making tables on the way; enters the last element of an array.
    private func descend(
        _ path: some Sequence<String>, from start: TOMLTable, origin: TOMLTable.Origin, line: Int
    ) throws(TOMLError) -> TOMLTable {
        var table = start
        for name in path {
            switch table[name]?.value {
            case nil:
                let next = TOMLTable(line: line, origin: origin)
                table.insert(TOMLItem(value: .table(next), line: line), under: name)
                table = next
            case .table(let next) where next.origin != .inline:
                if origin == .dottedKey, next.origin == .header {
                    throw scanner.error("'\(name)' is already defined in line \(next.line)")
                }
                table = next
            case .array(let elements) where origin == .parentOfHeader:
                guard case .table(let next)? = elements.last?.value, next.origin != .inline else {
                    throw scanner.error("'\(name)' is a list of values, not of tables")
                }
                table = next
            default:
                throw scanner.error("'\(name)' is already defined and cannot be extended")
            }
        }
        return table
    }

    private mutating func readPair(into table: TOMLTable, depth: Int) throws(TOMLError) {
        let line = scanner.line
        let path = try readPath(purpose: "a key")
        guard let name = path.last else { return }
        guard scanner.take("=") else {
            throw scanner.unexpected(expected: "'=' after key '\(path.joined(separator: "."))'")
        }
        scanner.skipSpaces()
        let value = try readValue(depth: depth)
        let parent = try descend(path.dropLast(), from: table, origin: .dottedKey, line: line)
        if let existing = parent[name] {
            throw scanner.error(
                "'\(path.joined(separator: "."))' is already defined in line \(existing.line)")
        }
        parent.insert(TOMLItem(value: value, line: line), under: name)
    }

    private mutating func readPath(purpose: String) throws(TOMLError) -> [String] {
        var path: [String] = []
        repeat {
            scanner.skipSpaces()
            path.append(try readKey(purpose: purpose))
            scanner.skipSpaces()
        } while scanner.take(".")
        return path
    }

    private mutating func readKey(purpose: String) throws(TOMLError) -> String {
        switch scanner.peek {
        case UInt8(ascii: "\""): return try scanner.readBasicText(multiline: false)
        case UInt8(ascii: "'"): return try scanner.readLiteralText(multiline: false)
        default:
            let word = scanner.takeWhile(TOMLScanner.isBareKeyByte)
            if word.isEmpty { throw scanner.unexpected(expected: purpose) }
            return word
        }
    }

    private mutating func readValue(depth: Int) throws(TOMLError) -> TOMLValue {
        guard depth < Self.deepestNesting else {
            throw scanner.error("lists and tables are nested more than \(Self.deepestNesting) deep")
        }
        switch scanner.peek {
        case UInt8(ascii: "\""): return .text(try scanner.readBasicText(multiline: true))
        case UInt8(ascii: "'"): return .text(try scanner.readLiteralText(multiline: true))
        case UInt8(ascii: "["): return .array(try readArray(depth: depth + 1))
        case UInt8(ascii: "{"): return .table(try readInlineTable(depth: depth + 1))
        default: return try scanner.readScalar()
        }
    }

    private mutating func readArray(depth: Int) throws(TOMLError) -> [TOMLItem] {
        scanner.advance()
        var items: [TOMLItem] = []
        while true {
            try scanner.skipBlankLines()
            if scanner.take("]") { return items }
            let line = scanner.line
            items.append(TOMLItem(value: try readValue(depth: depth), line: line))
            try scanner.skipBlankLines()
            if scanner.take("]") { return items }
            guard scanner.take(",") else {
                throw scanner.unexpected(expected: "',' or ']' in the list")
            }
        }
    }

    private mutating func readInlineTable(depth: Int) throws(TOMLError) -> TOMLTable {
        let table = TOMLTable(line: scanner.line, origin: .inline)
        scanner.advance()
        scanner.skipSpaces()
        if scanner.take("}") { return table }
        while true {
            try readPair(into: table, depth: depth)
            scanner.skipSpaces()
            if scanner.take("}") { return table }
            guard scanner.take(",") else {
                throw scanner.unexpected(expected: "',' or '}' in the table")
            }
        }
    }
}
