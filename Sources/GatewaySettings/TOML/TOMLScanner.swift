/// Walks through the bytes of a TOML text and reads its smallest parts.
struct TOMLScanner {
    let bytes: [UInt8]
    private(set) var line = 1
    private var position = 0
    private var lineStart = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next byte, or nil at the end of the text.
    var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// A fault at the present place.
    func error(_ message: String) -> TOMLError {
        TOMLError(line: line, column: position - lineStart + 1, message: message)
    }

    /// A fault that says what stands here instead.
    func unexpected(expected: String) -> TOMLError {
        error("expected \(expected), found \(found)")
    }

    private var found: String {
        guard let byte = peek else { return "the end of the text" }
        if byte == 0x0A || byte == 0x0D { return "the end of the line" }
        guard byte >= 0x20, byte != 0x7F else { return "control byte 0x\(String(byte, radix: 16))" }
        var end = position + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return "'\(String(decoding: bytes[position..<end], as: UTF8.self))'"
    }

    mutating func advance() {
        if peek == 0x0A {
            line += 1
            lineStart = position + 1
        }
        position += 1
    }

    /// Takes a character if it is the next one.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == character.value else { return false }
        advance()
        return true
    }

    mutating func takeWhile(_ belongs: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = peek, belongs(byte) { advance() }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func skipByteOrderMark() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func skipSpaces() {
        while let byte = peek, byte == 0x20 || byte == 0x09 { advance() }
    }

    /// Skips white space, line ends and comments.
    mutating func skipBlankLines() throws(TOMLError) {
        while true {
            skipSpaces()
            if peek == UInt8(ascii: "#") {
                try skipComment()
            } else if !(try takeLineEnd()) {
                return
            }
        }
    }

    /// Requires that nothing but a comment follows on this line.
    mutating func expectEndOfLine() throws(TOMLError) {
        skipSpaces()
        if peek == UInt8(ascii: "#") { try skipComment() }
        if peek == nil { return }
        if !(try takeLineEnd()) { throw unexpected(expected: "the end of the line") }
    }

    /// Takes a line feed or a carriage return with its line feed.
    mutating func takeLineEnd() throws(TOMLError) -> Bool {
        if peek == 0x0D {
            guard position + 1 < bytes.count, bytes[position + 1] == 0x0A else {
                throw error("a carriage return without a line feed")
            }
            advance()
        }
        guard peek == 0x0A else { return false }
        advance()
        return true
    }

    private mutating func skipComment() throws(TOMLError) {
        while let byte = peek, byte != 0x0A, byte != 0x0D {
            if Self.isControl(byte) { throw unexpected(expected: "text in the comment") }
            advance()
        }
    }

    static func isControl(_ byte: UInt8) -> Bool { (byte < 0x20 && byte != 0x09) || byte == 0x7F }

    static func isBareKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether three of the same quote stand here.
    func isFence(_ quote: UInt8) -> Bool {
        position + 2 < bytes.count && bytes[position] == quote && bytes[position + 1] == quote
            && bytes[position + 2] == quote
    }

    mutating func skip(_ count: Int) { for _ in 0..<count { advance() } }
}
