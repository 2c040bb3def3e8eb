import Glibc

/// Which addresses are of a network that this machine is part of.
enum OwnNetwork {
    /// Whether an address is this machine's own or on a network that one of its interfaces is on.
    ///
    /// What comes over a router is not, however private its address looks.
    static func contains(_ text: String) -> Bool {
        let text = text.prefix { $0 != "%" }
        guard let address = bytes(String(text)) else { return false }
        if isLoopback(address) { return true }
        // every network link has one of these, and no router passes them on
        if address.count == 16, address[0] == 0xFE, address[1] & 0xC0 == 0x80 { return true }
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return false }
        defer { freeifaddrs(first) }
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let own = bytes(of: entry.ifa_addr), let mask = bytes(of: entry.ifa_netmask),
                own.count == address.count, mask.count == address.count,
                mask.contains(where: { $0 != 0 })
            else { continue }
            let isSame = address.indices.allSatisfy {
                address[$0] & mask[$0] == own[$0] & mask[$0]
            }
            if isSame { return true }
        }
        return false
    }

    /// What failures to sign in are counted by: the address, of the sixth version its network.
    static func group(_ text: String) -> String {
        guard let address = bytes(String(text.prefix { $0 != "%" })), address.count == 16 else {
            return text
        }
        return address.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func isLoopback(_ address: [UInt8]) -> Bool {
        if address.count == 4 { return address[0] == 127 }
        return address.dropLast().allSatisfy { $0 == 0 } && address.last == 1
    }

    /// The bytes of an address; those of a mapped address of the fourth version are four.
    static func bytes(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        let all = withUnsafeBytes(of: six) { Array($0) }
        let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
        return isMapped ? Array(all.suffix(4)) : all
    }

    private static func bytes(of address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address else { return nil }
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                withUnsafeBytes(of: $0.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }
}
