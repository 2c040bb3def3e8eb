import Glibc

/// Says which addresses may be connected to: those of the public network.
///
/// libcurl asks for each address that a name stands for, right before it connects, so that a name cannot stand for
/// another address a moment later.
final class AddressJudge {
    /// Whether an address was refused.
    private(set) var hasRefused = false

    /// Takes a `sockaddr`.
    func allows(_ address: UnsafeRawBufferPointer) -> Bool {
        let isPublic = Self.octets(address).map(PublicAddress.isPublic) ?? false
        if !isPublic { hasRefused = true }
        return isPublic
    }

    private static func octets(_ address: UnsafeRawBufferPointer) -> [UInt8]? {
        guard address.count >= MemoryLayout<sa_family_t>.size else { return nil }
        switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET where address.count >= 8: return Array(address[4..<8])
        case AF_INET6 where address.count >= 24: return Array(address[8..<24])
        default: return nil
        }
    }
}

/// Which addresses lie on the public network (the registries of RFC 6890 for special purposes).
package enum PublicAddress {
    /// Takes the 4 octets of IPv4 or the 16 of IPv6.
    package static func isPublic(_ octets: [UInt8]) -> Bool {
        switch octets.count {
        case 4: isPublicFour(octets)
        case 16: isPublicSix(octets)
        default: false
        }
    }

    private static func isPublicFour(_ octets: [UInt8]) -> Bool {
        let number = octets.reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
        let special: [(UInt32, UInt32)] = [
            (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8),
            (0xA9FE_0000, 16), (0xAC10_0000, 12), (0xC000_0000, 24), (0xC000_0200, 24),
            (0xC058_6300, 24), (0xC0A8_0000, 16), (0xC612_0000, 15), (0xC633_6400, 24),
            (0xCB00_7100, 24), (0xE000_0000, 3),
        ]
        return !special.contains { number >> (32 - $0.1) == $0.0 >> (32 - $0.1) }
    }

    /// Only 2000::/3 is given out; what carries an IPv4 address counts as that one.
    private static func isPublicSix(_ octets: [UInt8]) -> Bool {
        let zeros = octets.prefix(10).allSatisfy { $0 == 0 }
        if zeros, octets[10] == 0xFF, octets[11] == 0xFF { return isPublic(Array(octets[12...])) }
        // 64:ff9b::/96
        if octets.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]) {
            return isPublic(Array(octets[12...]))
        }
        guard octets[0] >> 5 == 1 else { return false }
        // 6to4
        if octets.starts(with: [0x20, 0x02]) { return isPublic(Array(octets[2..<6])) }
        // protocol assignments, Teredo among them, and documentation
        if octets.starts(with: [0x20, 0x01]), octets[2] < 2 { return false }
        return !octets.starts(with: [0x20, 0x01, 0x0D, 0xB8]) && !octets.starts(with: [0x3F, 0xFF])
    }
}
