/// Comma-separated values (RFC 4180), as spreadsheets write them.
enum CSVText {
    /// One row and the line it begins on, from 1.
    struct Row: Hashable {
        let line: Int
        let fields: [String]
    }

    /// Why bytes are no rows, and the line it shows in, from 1.
    struct Fault: Error, Hashable {
        let line: Int
        let words: String
    }

    /// Reads all rows; empty lines are passed over.
    ///
    /// A field may stand in double quotes, where commas and line ends are its own and two quotes are one.
    /// A byte order mark is passed over. Throws for a quote that never closes and for what is no UTF-8.
    static func rows(_ bytes: [UInt8]) throws(Fault) -> [Row] {
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        var rows: [Row] = []
        var (fields, field) = ([String](), [UInt8]())
        var (line, start, quoteLine, isQuoted, hasQuotes) = (1, 1, 1, false, false)
        func finished() throws(Fault) -> String {
            guard let text = String(validating: field, as: UTF8.self) else {
                throw Fault(line: start, words: "expected UTF-8 text, found other bytes")
            }
            return text
        }
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            if byte == 0x0A { line += 1 }
            if isQuoted {
                guard byte == quote else {
                    field.append(byte)
                    continue
                }
                if index < text.endIndex, text[index] == quote {
                    field.append(quote)
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case quote where field.isEmpty: (isQuoted, hasQuotes, quoteLine) = (true, true, line)
            case 0x2C:
                fields.append(try finished())
                field = []
            case 0x0D: continue
            case 0x0A:
                if !fields.isEmpty || !field.isEmpty || hasQuotes {
                    rows.append(Row(line: start, fields: fields + [try finished()]))
                }
                (fields, field, start, hasQuotes) = ([], [], line, false)
            default: field.append(byte)
            }
        }
        if isQuoted {
            throw Fault(line: quoteLine, words: "the quote that begins here is never closed")
        }
        if !fields.isEmpty || !field.isEmpty || hasQuotes {
            rows.append(Row(line: start, fields: fields + [try finished()]))
        }
        return rows
    }

    /// Writes a row, without its line end.
    static func row(_ fields: [String]) -> String {
        fields.map { field in
            guard field.utf8.contains(where: { $0 == quote || $0 == 0x2C || $0 < 0x20 }) else {
                return field
            }
            return "\""
                + field.split(separator: "\"", omittingEmptySubsequences: false)
                .joined(separator: "\"\"") + "\""
        }.joined(separator: ",")
    }

    private static let quote = UInt8(ascii: "\"")
}
