/// Comma-separated values (RFC 4180), as spreadsheets write them.
enum CSVText {
    /// One row and the line it begins on, from 1.
    struct Row: Hashable {
        let line: Int
        let fields: [String]
    }

    /// Reads all rows; empty lines are passed over.
    ///
    /// A field may stand in double quotes, where commas and line ends are its own and two quotes are one.
    /// A byte order mark is passed over. What is no UTF-8 becomes U+FFFD.
    static func rows(_ bytes: [UInt8]) -> [Row] {
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        var rows: [Row] = []
        var (fields, field) = ([String](), [UInt8]())
        var (line, start, isQuoted, hasQuotes) = (1, 1, false, false)
        func finished() -> String { String(decoding: field, as: UTF8.self) }
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
            case quote where field.isEmpty: (isQuoted, hasQuotes) = (true, true)
            case 0x2C:
                fields.append(finished())
                field = []
            case 0x0D: continue
            case 0x0A:
                if !fields.isEmpty || !field.isEmpty || hasQuotes {
                    rows.append(Row(line: start, fields: fields + [finished()]))
                }
                (fields, field, start, hasQuotes) = ([], [], line, false)
            default: field.append(byte)
            }
        }
        if !fields.isEmpty || !field.isEmpty || hasQuotes {
            rows.append(Row(line: start, fields: fields + [finished()]))
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
