/// Walks through the bytes of a DBC file.
///
/// Names are ASCII; texts may be UTF-8 or Latin-1.
struct DBCScanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    func fault(_ message: String) -> DBCFault {
        DBCFault(line: line, column: position - lineStart + 1, message: message)
    }

    private func expected(_ what: String) -> DBCFault {
        guard position < bytes.count else {
            return fault("expected \(what), found the end of the file")
        }
        let byte = bytes[position]
        if byte == 0x0A || byte == 0x0D {
            return fault("expected \(what), found the end of the line")
        }
        let text =
            byte > 0x20 && byte < 0x7F
            ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(String(byte, radix: 16))"
        return fault("expected \(what), found \(text)")
    }

    private mutating func advance() {
        if bytes[position] == 0x0A {
            line += 1
            lineStart = position + 1
        }
        position += 1
    }

    mutating func skipSpaces(acrossLines: Bool) {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x09 || byte == 0x0D || (acrossLines && byte == 0x0A)
            else { return }
            advance()
        }
    }

    /// Skips to the start of the next line.
    mutating func skipLine() {
        while position < bytes.count, bytes[position] != 0x0A { position += 1 }
        if position < bytes.count { advance() }
    }

    /// Skips to behind the next semicolon outside quotes; false when the file ends before.
    mutating func skipStatement() -> Bool {
        var isQuoted = false
        while position < bytes.count {
            let byte = bytes[position]
            advance()
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ";"), !isQuoted { return true }
        }
        return false
    }

    /// Skips a section nobody knows: to behind a semicolon, or to a line that begins a known one.
    mutating func skipUnknown(until keywords: Set<String>) {
        var isQuoted = false
        while position < bytes.count {
            let byte = bytes[position]
            advance()
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ";"), !isQuoted { return }
            if byte == 0x0A, !isQuoted, keywords.contains(peekWord()) { return }
        }
    }

    /// A whole number without a sign, of up to 20 digits.
    mutating func digits(_ what: String) throws(DBCFault) -> UInt64 {
        skipSpaces(acrossLines: true)
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        guard position > start else { throw expected(what) }
        guard let value = UInt64(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw fault("expected \(what), found a number above 64 bits")
        }
        return value
    }

    /// Whether the rest of the line is blank.
    var isAtLineEnd: Bool {
        var at = position
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 || bytes[at] == 0x0D {
            at += 1
        }
        return at >= bytes.count || bytes[at] == 0x0A
    }

    /// Whether the line begins with white space: it continues a section.
    var isIndented: Bool {
        position < bytes.count && (bytes[position] == 0x20 || bytes[position] == 0x09)
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpaces(acrossLines: false)
        guard position < bytes.count, UInt32(bytes[position]) == character.value else {
            return false
        }
        advance()
        return true
    }

    mutating func expect(_ character: Unicode.Scalar, _ place: String) throws(DBCFault) {
        if !take(character) { throw expected("'\(character)' \(place)") }
    }

    /// A word of letters, digits and underscores.
    mutating func word(_ what: String, acrossLines: Bool = false) throws(DBCFault) -> String {
        skipSpaces(acrossLines: acrossLines)
        let start = position
        while position < bytes.count, Self.isWordByte(bytes[position]) { position += 1 }
        guard position > start else { throw expected(what) }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// The word that stands here, without taking it.
    func peekWord() -> String {
        var copy = self
        return (try? copy.word("")) ?? ""
    }

    mutating func integer(_ what: String) throws(DBCFault) -> Int64 {
        let number = try number(what)
        guard number.exponent >= 0, let fraction = number.fraction, fraction.denominator == 1 else {
            throw fault("expected \(what), found a number with decimals")
        }
        return fraction.numerator
    }

    mutating func number(_ what: String) throws(DBCFault) -> DBCNumber {
        skipSpaces(acrossLines: false)
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        var coefficient: Int64 = 0
        var exponent = 0
        var count = try digits(into: &coefficient, exponent: &exponent, areDecimals: false)
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            advance()
            count += try digits(into: &coefficient, exponent: &exponent, areDecimals: true)
        }
        guard count > 0 else { throw expected(what) }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            advance()
            let isDown = take("-")
            if !isDown { _ = take("+") }
            var power: Int64 = 0
            var unused = 0
            guard try digits(into: &power, exponent: &unused, areDecimals: false) > 0, power <= 300
            else { throw expected("an exponent up to 300") }
            exponent += isDown ? -Int(power) : Int(power)
        }
        return DBCNumber(coefficient: isNegative ? -coefficient : coefficient, exponent: exponent)
    }

    /// Digits beyond the eighteenth only shift: declared ranges such as 18446744073709551615 occur.
    private mutating func digits(
        into value: inout Int64, exponent: inout Int, areDecimals: Bool
    ) throws(DBCFault) -> Int {
        var count = 0
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
            let digit = Int64(bytes[position] - 0x30)
            if value < 100_000_000_000_000_000 {
                value = value * 10 + digit
                if areDecimals { exponent -= 1 }
            } else if !areDecimals {
                exponent += 1
            }
            position += 1
            count += 1
        }
        return count
    }

    /// A text in double quotes, which may span lines; at most 64 kB are kept.
    mutating func text(_ what: String) throws(DBCFault) -> String {
        skipSpaces(acrossLines: true)
        guard take("\"") else { throw expected(what) }
        let begin = fault("the text that begins here has no closing quote")
        var collected: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            advance()
            if byte == UInt8(ascii: "\\"), position < bytes.count,
                bytes[position] == UInt8(ascii: "\"")
            {
                advance()
                collected.append(UInt8(ascii: "\""))
                continue
            }
            if byte == UInt8(ascii: "\"") { return Self.decode(collected) }
            if collected.count < 65_536 { collected.append(byte) }
        }
        throw begin
    }

    private static func decode(_ bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension DBCFault: Error {}
