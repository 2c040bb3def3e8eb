import SwiftASN1

/// Certificates without signers, as EST answers with them: CMS SignedData, "certs-only" (RFC 5652
/// section 5, RFC 8551 section 3.2.2).
package enum CertificateBag {
    /// The most certificates that are taken; a list of authorities in the middle of a change has 6.
    package static let mostCertificates = 64

    private static let signedData: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 7, 2]
    private static let data: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 7, 1]
    private static let tagZero = ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
    private static let tagOne = ASN1Identifier(tagWithNumber: 1, tagClass: .contextSpecific)

    /// Packs certificates, each in DER.
    ///
    /// DER sorts a set by its bytes, so the order given is not kept. Throws when one is no ASN.1.
    package static func encode(_ certificates: [[UInt8]]) throws(ESTError) -> [UInt8] {
        do {
            let items = try certificates.map { ASN1Any(derEncoded: try DER.parse($0)) }
            var serializer = DER.Serializer()
            try serializer.appendConstructedNode(identifier: .sequence) { info in
                try info.serialize(signedData)
                try info.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) {
                    try $0.appendConstructedNode(identifier: .sequence) {
                        try write(items, to: &$0)
                    }
                }
            }
            return serializer.serializedBytes
        } catch {
            throw .certificates("one to be packed is no DER")
        }
    }

    private static func write(_ items: [ASN1Any], to content: inout DER.Serializer) throws {
        try content.serialize(1)
        content.appendConstructedNode(identifier: .set) { _ in }
        try content.appendConstructedNode(identifier: .sequence) { try $0.serialize(data) }
        try content.serializeSetOf(items, identifier: tagZero)
        content.appendConstructedNode(identifier: .set) { _ in }
    }

    /// Unpacks the certificates, each in DER, in no particular order.
    ///
    /// Takes BER as well. Signers and revocation lists are passed over. Throws when there is no
    /// certificate, or more than ``mostCertificates``.
    package static func decode(_ bytes: [UInt8]) throws(ESTError) -> [[UInt8]] {
        let certificates: [[UInt8]]
        do {
            certificates = try unpack(try BER.parse(bytes))
        } catch {
            throw .certificates("expected CMS SignedData, found something else")
        }
        guard (1...mostCertificates).contains(certificates.count) else {
            throw .certificates(
                "expected 1 to \(mostCertificates) certificates, found \(certificates.count)")
        }
        return certificates
    }

    private static func unpack(_ root: ASN1Node) throws -> [[UInt8]] {
        try BER.sequence(root, identifier: .sequence) { info in
            let kind = try ASN1ObjectIdentifier(berEncoded: &info)
            guard kind == signedData else {
                throw ASN1Error.unexpectedFieldType(root.identifier)
            }
            return try BER.explicitlyTagged(&info, tagNumber: 0, tagClass: .contextSpecific) {
                try BER.sequence($0, identifier: .sequence) { try certificates(&$0) }
            }
        }
    }

    private static func certificates(_ content: inout ASN1NodeCollection.Iterator) throws
        -> [[UInt8]]
    {
        var certificates: [[UInt8]] = []
        _ = try Int(berEncoded: &content)
        while let node = content.next() {
            guard node.identifier == tagZero, case .constructed(let items) = node.content else {
                continue
            }
            // other choices of the set are old kinds that nobody sends
            for item in items where item.identifier == .sequence {
                certificates.append(Array(item.encodedBytes))
            }
        }
        return certificates
    }
}
