/// A text of signed metadata: a role, a key id, a path of a target.
///
/// Two are equal only when their bytes are. Swift's own texts are equal when they look the same, which
/// would let a signed `é` of two characters stand for one of one character.
package struct TUFName: Hashable, Comparable, Sendable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    /// The text.
    package let text: String

    /// Takes a text as it is.
    package init(_ text: String) { self.text = text }

    /// Takes a text as it is.
    package init(stringLiteral text: String) { self.text = text }

    /// The text, cut where it is longer than anybody reads.
    package var description: String {
        text.utf8.count <= 200 ? text : String(text.prefix(200)) + "…"
    }

    package static func == (left: TUFName, right: TUFName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: TUFName, right: TUFName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }

    /// The name as one part of an address or as a file's name: all but letters, digits and `-._~`
    /// written as `%XX`.
    package var quoted: String {
        var quoted: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                quoted.append(byte)
            default:
                quoted.append(UInt8(ascii: "%"))
                quoted += [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x37 + $0 }
            }
        }
        return String(decoding: quoted, as: UTF8.self)
    }
}
