/// Stands in for the hashes of metadata where the search is built without packages.
package enum TUFDigest: String, CaseIterable, Sendable {
    case sha256
    case sha512

    /// Digits that depend on every byte.
    package func text(_ bytes: [UInt8]) -> String {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension TUFKey {
    /// Any signature that is one at all: the search is for what lies behind it.
    package func verifies(_ signature: TUFSignature, _ message: [UInt8]) -> Bool {
        signature.keyID == id && Hexadecimal.bytes(signature.text)?.isEmpty == false
    }
}
