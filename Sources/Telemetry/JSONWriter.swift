/// Writes JSON into a buffer that is kept between documents.
///
/// Numbers are whole or have a fixed number of decimals, so nothing is rounded on the way out.
package struct JSONWriter {
    /// The text so far, UTF-8.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// An empty buffer with room for `capacity` bytes.
    package init(capacity: Int = 16_384) { bytes.reserveCapacity(capacity) }

    /// Begins a new document in the same buffer.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Writes an object; `body` writes its members.
    package mutating func object(_ body: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }

    /// Writes a list; `body` writes its elements.
    package mutating func array(_ body: (inout JSONWriter) -> Void) {
        enclose(UInt8(ascii: "["), UInt8(ascii: "]"), body)
    }

    /// Writes the name of the member that follows.
    package mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a text.
    package mutating func string(_ text: some StringProtocol) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 { append(escaped: byte) }
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// Writes a member that is a moment, Unix time in milliseconds, or null.
    package mutating func moment(_ name: StaticString, unixMilliseconds: Int64?) {
        self.name(name)
        guard let unixMilliseconds else { return null() }
        string(RFC3339.text(unixMilliseconds: unixMilliseconds))
    }

    /// Writes a member that is an object of counts by their names, in the order given.
    package mutating func counts(_ name: StaticString, _ counts: [(name: String, count: Int64)]) {
        self.name(name)
        object { writer in
            for entry in counts {
                writer.string(entry.name)
                writer.bytes.append(UInt8(ascii: ":"))
                writer.needsComma = false
                writer.integer(entry.count)
            }
        }
    }

    /// Writes a member that is an object of texts by their names, in the order given.
    package mutating func texts(_ name: StaticString, _ texts: [Statement.Value]) {
        self.name(name)
        object { writer in
            for entry in texts {
                writer.string(entry.name)
                writer.bytes.append(UInt8(ascii: ":"))
                writer.needsComma = false
                writer.string(entry.text)
            }
        }
    }

    /// Writes a whole number.
    package mutating func integer(_ value: some BinaryInteger) {
        decimal(Int64(clamping: value), decimals: 0)
    }

    /// Writes `value` ÷ 10^`decimals` exactly.
    package mutating func decimal(_ value: Int64, decimals: Int) {
        separate()
        appendDecimal(value, decimals: decimals)
        needsComma = true
    }

    /// Writes true or false.
    package mutating func bool(_ value: Bool) { word(value ? "true" : "false") }

    /// Writes null.
    package mutating func null() { word("null") }

    /// Writes a value that is already JSON.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = true
    }

    /// Ends a line, for files and streams of documents.
    package mutating func endLine() {
        bytes.append(0x0A)
        needsComma = false
    }

    private mutating func word(_ word: StaticString) {
        separate()
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }

    private mutating func enclose(
        _ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void
    ) {
        separate()
        bytes.append(open)
        needsComma = false
        body(&self)
        bytes.append(close)
        needsComma = true
    }

    private mutating func append(escaped byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0..<0x20:
            bytes.append(contentsOf: "\\u00".utf8)
            bytes.append(Self.hexDigit(byte >> 4))
            bytes.append(Self.hexDigit(byte & 0xF))
        default: bytes.append(byte)
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x61 + value - 10
    }

    private mutating func appendDecimal(_ value: Int64, decimals: Int) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        var digits: InlineArray<24, UInt8> = .init(repeating: 0x30)
        var left = value.magnitude
        var count = 0
        while left > 0 || count <= decimals {
            digits[count] = 0x30 + UInt8(left % 10)
            left /= 10
            count += 1
        }
        for index in stride(from: count - 1, through: 0, by: -1) {
            bytes.append(digits[index])
            if index == decimals, index > 0 { bytes.append(UInt8(ascii: ".")) }
        }
    }
}
