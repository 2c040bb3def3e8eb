import StrictJSON

/// The one form of a document that is hashed and signed.
///
/// No spaces, members in the order of their names' bytes, whole numbers only, and inside texts nothing
/// is escaped but `"` and `\`: the end of a line in a PEM key is the byte 0x0A.
package enum CanonicalJSON {
    /// The bytes of a document; nil when a number in it is not whole.
    package static func encode(_ item: JSONItem) -> [UInt8]? {
        var bytes: [UInt8] = []
        return append(item, to: &bytes) ? bytes : nil
    }

    private static func append(_ item: JSONItem, to bytes: inout [UInt8]) -> Bool {
        switch item.value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .number(let number):
            guard let integer = number.integer else { return false }
            bytes += "\(integer)".utf8
        case .string(let text): append(text, to: &bytes)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                guard append(item, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            let ordered = members.sorted { TUFName($0.name) < TUFName($1.name) }
            for (index, member) in ordered.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                guard append(member.item, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "}"))
        }
        return true
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                bytes.append(UInt8(ascii: "\\"))
            }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
