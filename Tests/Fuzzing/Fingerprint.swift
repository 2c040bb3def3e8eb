/// Stands in for SHA-256 where the search is built without packages; the searched code is the same.
package enum Fingerprint {
    /// 64 lower-case hex digits that depend on every byte.
    package static func hex(_ bytes: [UInt8]) -> String {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(state, radix: 16)
        let text = String(repeating: "0", count: 16 - digits.count) + digits
        return text + text + text + text
    }

    /// Whether a text has the form of one.
    package static func isHex(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
