/// The few rules of characters that HTTP needs (RFC 9110 section 5.6).
enum ASCII {
    /// A capital letter made small; anything else as it is.
    static func lowered(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    /// Whether the bytes can name a header field.
    static func isToken(_ bytes: some Sequence<UInt8>) -> Bool {
        var isEmpty = true
        for byte in bytes {
            isEmpty = false
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: continue
            // ! # $ % & ' * + - . ^ _ ` | ~
            case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: continue
            default: return false
            }
        }
        return !isEmpty
    }

    /// Whether a byte is a space or a tab.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// The bytes without blanks at both ends.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    /// A number of digits alone; nil for anything else, and for more than an Int64 holds.
    static func number(_ bytes: some Collection<UInt8>) -> Int64? {
        guard !bytes.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in bytes {
            guard (0x30...0x39).contains(byte) else { return nil }
            let tens = value.multipliedReportingOverflow(by: 10)
            let next = tens.partialValue.addingReportingOverflow(Int64(byte - 0x30))
            guard !tens.overflow, !next.overflow else { return nil }
            value = next.partialValue
        }
        return value
    }
}
