/// Reads JSON text from front to back, one thing at a time, straight into what is wanted.
///
/// There is no tree of values between the bytes and the record. The reader is strict: RFC 8259, UTF-8
/// checked, no floating point, nesting bounded.
struct RecordReader {
    /// How deep skipped values may nest.
    static let mostLevels = 16

    let bytes: [UInt8]
    var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The byte that comes next; 0, which begins nothing in JSON, at the end.
    var peek: UInt8 {
        @inline(__always) get { position < bytes.count ? bytes[position] : 0 }
    }

    /// Moves behind spaces, tabs and line ends.
    @inline(__always)
    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    /// Reads one byte that must be there.
    @inline(__always)
    mutating func take(_ byte: UInt8, _ words: String) throws(RecordFault) {
        guard peek == byte else { throw .expected(words, at: position) }
        position += 1
    }

    /// Reads the bracket that begins a list.
    mutating func beginList() throws(RecordFault) { try take(UInt8(ascii: "["), "a list") }

    /// Moves to element `index` of a list; false when the list ended before it.
    mutating func nextElement(_ index: Int) throws(RecordFault) -> Bool {
        skipSpace()
        if peek == UInt8(ascii: "]") {
            position += 1
            return false
        }
        if index > 0 {
            try take(UInt8(ascii: ","), "',' or ']'")
            skipSpace()
        }
        return true
    }

    /// Moves to the next element of a list that may have `most`; false when the list ended.
    mutating func nextElement(_ index: Int, most: Int) throws(RecordFault) -> Bool {
        guard try nextElement(index) else { return false }
        guard index < most else { throw .expected("at most \(most) elements", at: position) }
        return true
    }

    /// Reads `null` when it comes; false when something else does.
    @inline(__always)
    mutating func takeNull() throws(RecordFault) -> Bool {
        guard peek == UInt8(ascii: "n") else { return false }
        try takeWord("null")
        return true
    }

    /// Reads true or false.
    mutating func bool() throws(RecordFault) -> Bool {
        switch peek {
        case UInt8(ascii: "t"):
            try takeWord("true")
            return true
        case UInt8(ascii: "f"):
            try takeWord("false")
            return false
        default: throw .expected("true or false", at: position)
        }
    }

    private mutating func takeWord(_ word: StaticString) throws(RecordFault) {
        let letters = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard bytes[position...].starts(with: letters) else {
            throw .expected("\(word)", at: position)
        }
        position += letters.count
    }

    /// Reads what may follow the outermost value: nothing but space.
    mutating func end() throws(RecordFault) {
        skipSpace()
        guard position == bytes.count else { throw .expected("the end", at: position) }
    }

    /// Reads any well-formed value and forgets it.
    mutating func skipValue(level: Int = 0) throws(RecordFault) {
        guard level < Self.mostLevels else {
            throw .expected("at most \(Self.mostLevels) levels", at: position)
        }
        switch peek {
        case UInt8(ascii: "{"): try skipObject(level: level)
        case UInt8(ascii: "["):
            try beginList()
            var index = 0
            while try nextElement(index) {
                try skipValue(level: level + 1)
                index += 1
            }
        case UInt8(ascii: "\""): _ = try readText("a text")
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        case UInt8(ascii: "n"): try takeWord("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
        default: throw .expected("a value", at: position)
        }
    }

    private mutating func skipObject(level: Int) throws(RecordFault) {
        position += 1
        skipSpace()
        if peek == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            _ = try readText("the name of a member")
            skipSpace()
            try take(UInt8(ascii: ":"), "':'")
            skipSpace()
            try skipValue(level: level + 1)
            skipSpace()
            if peek == UInt8(ascii: "}") { break }
            try take(UInt8(ascii: ","), "',' or '}'")
            skipSpace()
        }
        position += 1
    }
}
