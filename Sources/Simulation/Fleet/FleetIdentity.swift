import TestKit

/// Who a simulated gateway is: everything about it that never changes in a run.
struct FleetIdentity {
    /// Gateway id, client id and user name.
    let name: String
    /// The epoch of its records.
    let epoch: Int64
    /// The id of its boot, a random UUID.
    let bootID: String
    /// Unix time in milliseconds at which it booted; its monotonic clock counts from there.
    let bootedAt: Int64
    /// What its values come from.
    let seed: UInt64

    /// `earliest` is the stamp of its first record; it booted up to a month before.
    init(name: String, position: Int, seed: UInt64, earliest: Int64) {
        var generator = SeededGenerator(seed: seed &+ UInt64(position) &* 0xD134_2543_DE82_EF95)
        self.name = name
        self.seed = generator.next()
        epoch = Int64.random(in: 1...(1 << 53 - 1), using: &generator)
        bootedAt = earliest - Int64.random(in: 60_000...2_592_000_000, using: &generator)
        bootID = Self.uuid(generator.bytes(16))
    }

    /// The text of a version 4 UUID (RFC 9562) made of 16 random bytes.
    private static func uuid(_ bytes: [UInt8]) -> String {
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text += "-" }
            let value =
                switch index {
                case 6: byte & 0x0F | 0x40
                case 8: byte & 0x3F | 0x80
                default: byte
                }
            text += (value < 16 ? "0" : "") + String(value, radix: 16)
        }
        return text
    }
}
