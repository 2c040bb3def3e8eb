/// A text as it stands in the bytes, between its quotation marks.
struct RawText {
    let range: Range<Int>
    let hasEscapes: Bool
}

extension RecordReader {
    /// Reads a text and checks all of it: UTF-8, escapes, no control characters.
    ///
    /// U+0000 is refused also as an escape: no database keeps it in a text.
    mutating func readText(
        _ words: @autoclosure () -> String
    ) throws(RecordFault) -> RawText {
        guard peek == UInt8(ascii: "\"") else { throw .expected(words(), at: position) }
        position += 1
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return RawText(range: start..<(position - 1), hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0x20..<0x80: position += 1
            case 0x80...: position += try scalarLength()
            default: throw .expected("a text without control characters", at: position)
            }
        }
        throw .expected("'\"' at the end of a text", at: position)
    }

    /// The bytes a raw text stands for.
    func unescaped(_ text: RawText) -> [UInt8] {
        guard text.hasEscapes else { return Array(bytes[text.range]) }
        var plain: [UInt8] = []
        var place = text.range.lowerBound
        while place < text.range.upperBound {
            guard bytes[place] == UInt8(ascii: "\\") else {
                plain.append(bytes[place])
                place += 1
                continue
            }
            let (scalar, length) = escape(at: place)
            plain += Array(String(Character(scalar)).utf8)
            place += length
        }
        return plain
    }

    /// Reads a text.
    mutating func string() throws(RecordFault) -> String {
        let text = try readText("a text")
        guard text.hasEscapes else { return String(decoding: bytes[text.range], as: UTF8.self) }
        return String(decoding: unescaped(text), as: UTF8.self)
    }

    /// Reads one of a few words.
    mutating func word(_ words: [String]) throws(RecordFault) -> String {
        let start = position
        let text = try readText(Self.list(words))
        for word in words where bytes[text.range].elementsEqual(word.utf8) { return word }
        throw .expected(Self.list(words), at: start)
    }

    /// Reads a stable name: lower-case letters, digits and `_`, a letter first, 64 at most.
    mutating func code() throws(RecordFault) -> Range<Int> {
        let start = position
        let words = "a name of 1 to 64 characters a…z, 0…9 or '_' that begins with a letter"
        let text = try readText(words)
        let isName = bytes[text.range].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isName, (1...64).contains(text.range.count), bytes[start + 1] >= UInt8(ascii: "a")
        else { throw .expected(words, at: start) }
        return text.range
    }

    /// `'a', 'b' or 'c'`.
    private static func list(_ words: [String]) -> String {
        let quoted = words.map { "'\($0)'" }
        guard let last = quoted.last, quoted.count > 1 else { return quoted.first ?? "" }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }

    /// How many bytes the UTF-8 sequence has that begins here (Unicode 15, table 3-7).
    private func scalarLength() throws(RecordFault) -> Int {
        let first = bytes[position]
        let (length, second): (Int, ClosedRange<UInt8>) =
            switch first {
            case 0xC2...0xDF: (2, 0x80...0xBF)
            case 0xE0: (3, 0xA0...0xBF)
            case 0xED: (3, 0x80...0x9F)
            case 0xE1...0xEF: (3, 0x80...0xBF)
            case 0xF0: (4, 0x90...0xBF)
            case 0xF1...0xF3: (4, 0x80...0xBF)
            case 0xF4: (4, 0x80...0x8F)
            default: (0, 0...0)
            }
        guard length > 0, position + length <= bytes.count, second.contains(bytes[position + 1]),
            bytes[(position + 2)..<(position + max(2, length))].allSatisfy({ $0 & 0xC0 == 0x80 })
        else { throw .expected("UTF-8", at: position) }
        return length
    }

    private mutating func skipEscape() throws(RecordFault) {
        let start = position
        guard position + 1 < bytes.count else { throw .expected("an escape", at: position) }
        switch bytes[position + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
            UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 2
        case UInt8(ascii: "u"):
            guard let unit = hexUnit(at: start), unit != 0, !(0xDC00...0xDFFF).contains(unit)
            else { throw .expected("an escape of a character", at: start) }
            position += 6
            guard (0xD800...0xDBFF).contains(unit) else { return }
            guard let low = hexUnit(at: position), (0xDC00...0xDFFF).contains(low) else {
                throw .expected("the second half of an escaped character", at: position)
            }
            position += 6
        default: throw .expected("an escape", at: start)
        }
    }

    /// The number of `\uXXXX` at `place`; nil when something else stands there.
    private func hexUnit(at place: Int) -> UInt32? {
        guard place + 6 <= bytes.count, bytes[place] == UInt8(ascii: "\\"),
            bytes[place + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for byte in bytes[(place + 2)..<(place + 6)] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                unit = unit << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                unit = unit << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                unit = unit << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }

    /// The character of an escape that `skipEscape` let through, and its length in bytes.
    private func escape(at place: Int) -> (Unicode.Scalar, Int) {
        switch bytes[place + 1] {
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{C}", 2)
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "u"):
            let unit = hexUnit(at: place) ?? 0xFFFD
            guard (0xD800...0xDBFF).contains(unit), let low = hexUnit(at: place + 6) else {
                return (Unicode.Scalar(unit) ?? "\u{FFFD}", 6)
            }
            let value = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            return (Unicode.Scalar(value) ?? "\u{FFFD}", 12)
        case let byte: return (Unicode.Scalar(byte), 2)
        }
    }
}
