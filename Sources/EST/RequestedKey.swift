import SwiftASN1

/// What kind of key a certificate request brings.
///
/// Read before anything else, so that a key that no library takes is still named.
package enum RequestedKey: Hashable, Sendable, CustomStringConvertible {
    /// The curves that gateways may use.
    case p256, p384
    /// Any other, by the name people know or by its number.
    case other(String)

    private static let curves: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    private static let rsa: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 1, 1]
    private static let secp256r1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
    private static let secp384r1: ASN1ObjectIdentifier = [1, 3, 132, 0, 34]

    /// How people call it.
    package var description: String {
        switch self {
        case .p256: "P-256"
        case .p384: "P-384"
        case .other(let name): name
        }
    }

    /// Looks into a PKCS#10 request in DER (RFC 2986 section 4).
    package init(request: [UInt8]) throws(ESTError) {
        do {
            self = try DER.sequence(try DER.parse(request), identifier: .sequence) { parts in
                let info = try Self.next(&parts)
                _ = try Self.next(&parts)
                _ = try Self.next(&parts)
                return try Self.key(info: info)
            }
        } catch {
            throw .request("expected PKCS#10 in DER, found something else")
        }
    }

    private static func key(info: ASN1Node) throws -> RequestedKey {
        guard case .constructed(let fields) = info.content else {
            throw ASN1Error.unexpectedFieldType(info.identifier)
        }
        var iterator = fields.makeIterator()
        _ = try next(&iterator)  // version
        _ = try next(&iterator)  // subject
        return try DER.sequence(try next(&iterator), identifier: .sequence) { key in
            let kind = try DER.sequence(try next(&key), identifier: .sequence) { algorithm in
                let identifier = try ASN1ObjectIdentifier(derEncoded: &algorithm)
                let parameters = algorithm.next()
                return try name(identifier, parameters, key: key)
            }
            _ = try ASN1BitString(derEncoded: &key)
            return kind
        }
    }

    private static func name(
        _ algorithm: ASN1ObjectIdentifier, _ parameters: ASN1Node?, key: ASN1NodeCollection.Iterator
    ) throws -> RequestedKey {
        if algorithm == rsa {
            var key = key
            let bits = try ASN1BitString(derEncoded: &key)
            let modulus = try DER.sequence(try DER.parse(bits.bytes), identifier: .sequence) {
                let modulus = try next(&$0)
                _ = try next(&$0)
                return modulus
            }
            guard case .primitive(let digits) = modulus.content else { return .other("RSA") }
            return .other("RSA of \(digits.drop { $0 == 0 }.count * 8) bits")
        }
        guard algorithm == curves, let parameters else { return .other("\(algorithm)") }
        switch try ASN1ObjectIdentifier(derEncoded: parameters) {
        case secp256r1: return .p256
        case secp384r1: return .p384
        case let curve: return .other("the curve \(curve)")
        }
    }

    private static func next(_ nodes: inout ASN1NodeCollection.Iterator) throws -> ASN1Node {
        guard let node = nodes.next() else {
            throw ASN1Error.invalidASN1Object(reason: "it ends too early")
        }
        return node
    }
}
