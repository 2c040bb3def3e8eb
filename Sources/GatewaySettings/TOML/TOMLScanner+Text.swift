extension TOMLScanner {
    /// Reads a text in double quotes, with escapes.
    mutating func readBasicText(multiline: Bool) throws(TOMLError) -> String {
        try readText(quote: UInt8(ascii: "\""), hasEscapes: true, multiline: multiline)
    }

    /// Reads a text in single quotes, without escapes.
    mutating func readLiteralText(multiline: Bool) throws(TOMLError) -> String {
        try readText(quote: UInt8(ascii: "'"), hasEscapes: false, multiline: multiline)
    }

    private mutating func readText(
        quote: UInt8, hasEscapes: Bool, multiline: Bool
    ) throws(TOMLError) -> String {
        let isFenced = multiline && isFence(quote)
        skip(isFenced ? 3 : 1)
        if isFenced {
            _ = peek == 0x0D ? skip(1) : ()
            _ = take("\n")
        }
        var text: [UInt8] = []
        while let byte = peek {
            if byte == quote {
                if !isFenced {
                    advance()
                    return String(decoding: text, as: UTF8.self)
                }
                if isFence(quote) {
                    skip(3)
                    for _ in 0..<2 where peek == quote {
                        text.append(quote)
                        advance()
                    }
                    return String(decoding: text, as: UTF8.self)
                }
            }
            if hasEscapes, byte == UInt8(ascii: "\\") {
                try readEscape(into: &text, isFenced: isFenced)
            } else {
                try readPlain(byte, into: &text, isFenced: isFenced)
            }
        }
        throw error("the text has no closing quote")
    }

    private mutating func readPlain(
        _ byte: UInt8, into text: inout [UInt8], isFenced: Bool
    ) throws(TOMLError) {
        let isLineEnd = byte == 0x0A || byte == 0x0D
        if isLineEnd, !isFenced { throw unexpected(expected: "a closing quote") }
        if Self.isControl(byte), !isLineEnd { throw unexpected(expected: "text") }
        advance()
        if byte == 0x0D {
            guard peek == 0x0A else { throw error("a carriage return without a line feed") }
        } else {
            text.append(byte)
        }
    }

    private mutating func readEscape(
        into text: inout [UInt8], isFenced: Bool
    ) throws(TOMLError) {
        advance()
        guard let byte = peek else { throw error("the text has no closing quote") }
        switch byte {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        case UInt8(ascii: "u"): return try readScalarEscape(digits: 4, into: &text)
        case UInt8(ascii: "U"): return try readScalarEscape(digits: 8, into: &text)
        case 0x20, 0x09, 0x0A, 0x0D:
            guard isFenced else { throw unexpected(expected: "an escape such as \\n or \\\"") }
            return try skipFoldedLines()
        default: throw unexpected(expected: "an escape such as \\n or \\\"")
        }
        advance()
    }

    private mutating func readScalarEscape(
        digits: Int, into text: inout [UInt8]
    ) throws(TOMLError) {
        advance()
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected(expected: "\(digits) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            advance()
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw error("\\u\(String(value, radix: 16)) is not a Unicode character")
        }
        text.append(contentsOf: String(Character(scalar)).utf8)
    }

    /// A backslash at the end of a line joins it with the next text.
    private mutating func skipFoldedLines() throws(TOMLError) {
        skipSpaces()
        guard peek == 0x0A || peek == 0x0D else {
            throw unexpected(expected: "the end of the line after '\\'")
        }
        repeat { skipSpaces() } while try takeLineEnd()
    }
}
