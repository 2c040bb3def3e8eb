import Crypto

/// A one-time token: 26 characters that are easy to read out, 130 random bits.
///
/// So many bits need no slow hash: nobody guesses them, whatever the speed.
package enum EnrolmentToken {
    /// The digits of Crockford's base 32: no i, l, o and u.
    private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Makes a new one.
    package static func make() -> String {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<26).map { _ in digits[Int(random.next() % 32 as UInt64)] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What the store keeps of a token.
    package static func hash(_ token: String) -> String { Digest.hex(Array(token.utf8)) }

    /// What a QR code on the box or on a screen says.
    ///
    /// `fleet` is an address such as `https://fleet.example:8443`; what would end a part of the URI is
    /// written as `%` and two digits.
    package static func address(fleet: String, id: String, token: String) -> String {
        "amphora://enrol?fleet=\(quoted(fleet))&id=\(quoted(id))&token=\(quoted(token))"
    }

    private static func quoted(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(Unicode.Scalar(byte))
            let isPlain =
                byte < 0x80
                && (character.isLetter || character.isNumber || "-._~:/".contains(character))
            if isPlain { return String(character) }
            let hex = String(byte, radix: 16, uppercase: true)
            return byte < 16 ? "%0\(hex)" : "%\(hex)"
        }.joined()
    }
}

extension Digest {
    /// The SHA-256 of bytes, 64 lower-case hex digits.
    static func hex(_ bytes: [UInt8]) -> String { hexText(SHA256.hash(data: bytes)) }
}
