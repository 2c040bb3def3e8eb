/// Reads RFC 8259 texts strictly: no duplicate names, no trailing commas, valid UTF-8, bounded depth.
///
/// Foundation's reader turns numbers into binary fractions, keeps the last of two equal names and
/// tells no lines. Pack maps and profiles decide what an inverter is told, so 0.1 must be a tenth
/// and a doubled name a fault.
package struct JSONParser {
    private static var deepestNesting: Int { 64 }

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var lineStart = 0
    private let wholeNumbers: Bool

    private init(_ bytes: [UInt8], wholeNumbers: Bool) {
        self.bytes = bytes
        self.wholeNumbers = wholeNumbers
    }

    /// The value of a whole text.
    ///
    /// With `wholeNumbers`, a point or an exponent is a fault even where the number is whole: what is
    /// signed has one form only, and `1.0` and `1e0` are not it.
    package static func parse(
        _ bytes: [UInt8], wholeNumbers: Bool = false
    ) throws(JSONError) -> JSONItem {
        var parser = JSONParser(bytes, wholeNumbers: wholeNumbers)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw parser.error("the text is not valid UTF-8")
        }
        let item = try parser.readValue(depth: 0)
        parser.skipSpaces()
        if parser.peek != nil { throw parser.unexpected("the end of the text") }
        return item
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ message: String) -> JSONError {
        JSONError(line: line, column: position - lineStart + 1, message: message)
    }

    private func unexpected(_ expected: String) -> JSONError {
        guard let byte = peek else {
            return error("expected \(expected), found the end of the text")
        }
        let isPlain = byte > 0x20 && byte < 0x7F
        let found = isPlain ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(String(byte, radix: 16))"
        return error("expected \(expected), found \(found)")
    }

    private mutating func advance() {
        if peek == 0x0A {
            line += 1
            lineStart = position + 1
        }
        position += 1
    }

    private mutating func skipSpaces() {
        while let byte = peek, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            advance()
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek, UInt32(byte) == character.value else { return false }
        advance()
        return true
    }

    private mutating func readValue(depth: Int) throws(JSONError) -> JSONItem {
        guard depth < Self.deepestNesting else {
            throw error("nested more than \(Self.deepestNesting) deep")
        }
        skipSpaces()
        let start = line
        switch peek {
        case UInt8(ascii: "{"): return JSONItem(value: try readObject(depth: depth), line: start)
        case UInt8(ascii: "["): return JSONItem(value: try readArray(depth: depth), line: start)
        case UInt8(ascii: "\""): return JSONItem(value: .string(try readString()), line: start)
        case UInt8(ascii: "t"):
            return JSONItem(value: try readWord("true", .bool(true)), line: start)
        case UInt8(ascii: "f"):
            return JSONItem(value: try readWord("false", .bool(false)), line: start)
        case UInt8(ascii: "n"): return JSONItem(value: try readWord("null", .null), line: start)
        default: return JSONItem(value: .number(try readNumber()), line: start)
        }
    }

    private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(JSONError)
        -> JSONValue
    {
        for index in 0..<word.utf8CodeUnitCount {
            guard peek == word.utf8Start[index] else { throw unexpected("'\(word)'") }
            advance()
        }
        return value
    }

    private mutating func readObject(depth: Int) throws(JSONError) -> JSONValue {
        advance()
        var members: [JSONMember] = []
        var names: Set<String> = []
        skipSpaces()
        if take("}") { return .object([]) }
        while true {
            skipSpaces()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
            let name = try readString()
            guard names.insert(name).inserted else {
                throw error("the name '\(name)' stands twice")
            }
            skipSpaces()
            guard take(":") else { throw unexpected("':' after the name '\(name)'") }
            members.append(JSONMember(name: name, item: try readValue(depth: depth + 1)))
            skipSpaces()
            if take("}") { return .object(members) }
            guard take(",") else { throw unexpected("',' or '}'") }
        }
    }

    private mutating func readArray(depth: Int) throws(JSONError) -> JSONValue {
        advance()
        var items: [JSONItem] = []
        skipSpaces()
        if take("]") { return .array([]) }
        while true {
            items.append(try readValue(depth: depth + 1))
            skipSpaces()
            if take("]") { return .array(items) }
            guard take(",") else { throw unexpected("',' or ']'") }
        }
    }

    private mutating func readNumber() throws(JSONError) -> JSONNumber {
        let isNegative = take("-")
        var coefficient: Int64 = 0
        var exponent = 0
        let isZeroFirst = peek == UInt8(ascii: "0")
        var digits = try readDigits(into: &coefficient)
        guard digits > 0 else { throw unexpected("a value") }
        if isZeroFirst, digits > 1 { throw error("a number with a leading zero") }
        if wholeNumbers, let byte = peek, ".eE".utf8.contains(byte) {
            throw unexpected("a whole number")
        }
        if take(".") {
            digits = try readDigits(into: &coefficient)
            guard digits > 0 else { throw unexpected("a digit after '.'") }
            exponent -= digits
        }
        if take("e") || take("E") {
            let isDown = take("-")
            if !isDown { _ = take("+") }
            var power: Int64 = 0
            guard try readDigits(into: &power) > 0, power <= 300 else {
                throw unexpected("an exponent up to 300")
            }
            exponent += isDown ? -Int(power) : Int(power)
        }
        return JSONNumber(coefficient: isNegative ? -coefficient : coefficient, exponent: exponent)
    }

    private mutating func readDigits(into value: inout Int64) throws(JSONError) -> Int {
        var count = 0
        while let byte = peek, (0x30...0x39).contains(byte) {
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, stillTooBig) = product.addingReportingOverflow(Int64(byte - 0x30))
            if tooBig || stillTooBig { throw error("a number with more than 18 digits") }
            value = sum
            count += 1
            advance()
        }
        return count
    }

    private mutating func readString() throws(JSONError) -> String {
        advance()
        var text: [UInt8] = []
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\""):
                advance()
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try readEscape(into: &text)
            case 0..<0x20: throw unexpected("text without control characters")
            default:
                text.append(byte)
                advance()
            }
        }
        throw error("the text has no closing quote")
    }

    private mutating func readEscape(into text: inout [UInt8]) throws(JSONError) {
        advance()
        guard let byte = peek else { throw error("the text has no closing quote") }
        let plain: UInt8? =
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
            case UInt8(ascii: "b"): 0x08
            case UInt8(ascii: "f"): 0x0C
            case UInt8(ascii: "n"): 0x0A
            case UInt8(ascii: "r"): 0x0D
            case UInt8(ascii: "t"): 0x09
            default: nil
            }
        if let plain {
            text.append(plain)
            advance()
            return
        }
        guard take("u") else { throw unexpected("an escape such as \\n or \\u00e9") }
        var code = UInt32(try readHex())
        if (0xD800...0xDBFF).contains(code) {
            guard take("\\"), take("u") else { throw unexpected("the second half of a pair") }
            let low = UInt32(try readHex())
            guard (0xDC00...0xDFFF).contains(low) else { throw error("half a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
        text.append(contentsOf: String(Character(scalar)).utf8)
    }

    private mutating func readHex() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("four hexadecimal digits")
            }
            value = value << 4 | UInt16(digit)
            advance()
        }
        return value
    }
}
