import Glibc
import SwiftASN1
import X509

/// A name or address by which a TLS server is reached.
package struct HostName: Hashable, Sendable, CustomStringConvertible {
    /// The name in small letters, or the address.
    package let description: String
    /// The 4 or 16 bytes of an address; nil for a name.
    private let address: [UInt8]?

    /// Parses a DNS name, an IPv4 or an IPv6 address; throws with what was found.
    package init(_ text: String) throws(AuthorityError) {
        if let address = Self.address(text) {
            self.address = address
            description = text
            return
        }
        let name = text.lowercased()
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isName = (1...253).contains(name.utf8.count) && labels.allSatisfy(Self.isLabel)
        // 127.0.0.256 is a mistyped address rather than a name
        guard isName, labels.last?.allSatisfy({ (0x30...0x39).contains($0) }) == false else {
            throw .request(
                "'\(text.prefix(80))' is no host, expected a DNS name such as 'fleet.example' or an "
                    + "address such as '192.0.2.7'")
        }
        address = nil
        description = name
    }

    /// Reads a name of a certificate; nil when it is neither a name nor an address.
    init?(_ name: GeneralName) {
        switch name {
        case .dnsName(let text):
            guard let host = try? HostName(text) else { return nil }
            self = host
        case .ipAddress(let bytes):
            guard let text = Self.text(Array(bytes.bytes)) else { return nil }
            description = text
            address = Array(bytes.bytes)
        default: return nil
        }
    }

    /// How it stands in a certificate.
    var generalName: GeneralName {
        guard let address else { return .dnsName(description) }
        return .ipAddress(ASN1OctetString(contentBytes: address[...]))
    }

    private static func isLabel(_ label: Substring.UTF8View.SubSequence) -> Bool {
        (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
            && label.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
    }

    private static func address(_ text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func text(_ address: [UInt8]) -> String? {
        guard address.count == 4 || address.count == 16 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = address.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, address, &buffer, socklen_t(buffer.count)) != nil else {
            return nil
        }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
