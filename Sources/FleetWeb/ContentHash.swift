/// Names content by FNV-1a of 64 bits, which tells versions of our own files apart and protects nothing.
enum ContentHash {
    /// Sixteen hexadecimal digits for some parts in order.
    static func text(_ parts: [[UInt8]]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for part in parts {
            for byte in part { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
