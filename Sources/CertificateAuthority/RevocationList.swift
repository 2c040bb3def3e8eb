import SwiftASN1
import X509

/// A list of revoked certificates (RFC 5280 section 5), version 2.
package struct RevocationList: Hashable, Sendable {
    /// Why a certificate was revoked.
    package enum Reason: String, CaseIterable, Sendable {
        /// Nobody said why.
        case unspecified
        /// Somebody else may have the key.
        case keyCompromise = "key-compromise"
        /// Another one took its place.
        case superseded
        /// It is not needed any more.
        case cessation
        /// The holder may no longer have what it granted.
        case privilegeWithdrawn = "privilege-withdrawn"

        /// The number in the list.
        var code: UInt8 {
            switch self {
            case .unspecified: 0
            case .keyCompromise: 1
            case .superseded: 4
            case .cessation: 5
            case .privilegeWithdrawn: 9
            }
        }
    }

    /// A revoked certificate.
    package struct Entry: Hashable, Sendable {
        /// Its number.
        package let serial: SerialNumber
        /// When it was revoked, Unix time in seconds.
        package let at: Int64
        /// Why.
        package let reason: Reason
    }

    /// Grows with each list.
    package var number: Int64
    /// When it was made, Unix time in seconds.
    package var madeAt: Int64
    /// Until when it is good, Unix time in seconds.
    package var nextAt: Int64
    /// The certificates, by their numbers.
    package var entries: [Entry]

    private enum OID {
        static let number: ASN1ObjectIdentifier = [2, 5, 29, 20]
        static let reason: ASN1ObjectIdentifier = [2, 5, 29, 21]
    }

    /// The PEM file, signed.
    func pem(_ signer: CertificateForm.Signer) throws -> String {
        // the name of the algorithm stands inside what is signed, so it is asked for first
        let algorithm = try signer.key.sign([]).algorithm
        let content = try content(signer, algorithm)
        let signature = try signer.key.sign(content).signature
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            coder.serializeRawBytes(content)
            try Self.append(algorithm, to: &coder)
            try coder.serialize(ASN1BitString(bytes: signature[...]))
        }
        return PEMDocument(type: "X509 CRL", derBytes: coder.serializedBytes).pemString + "\n"
    }

    private static func append(
        _ algorithm: ASN1ObjectIdentifier, to coder: inout DER.Serializer
    ) throws {
        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(algorithm) }
    }

    private func content(
        _ signer: CertificateForm.Signer, _ algorithm: ASN1ObjectIdentifier
    ) throws -> [UInt8] {
        var coder = DER.Serializer()
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(1)
            try Self.append(algorithm, to: &coder)
            try coder.serialize(signer.certificate.subject)
            try CalendarTime(madeAt).append(to: &coder)
            try CalendarTime(nextAt).append(to: &coder)
            if !entries.isEmpty {
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    for entry in entries { try Self.append(entry, to: &coder) }
                }
            }
            try coder.serialize(explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific) {
                coder in
                try coder.appendConstructedNode(identifier: .sequence) { coder in
                    try coder.serialize(
                        try Certificate.Extension(
                            CertificateForm.authorityKey(signer.key, signer.certificate),
                            critical: false))
                    try coder.serialize(
                        Certificate.Extension(
                            oid: OID.number, critical: false,
                            value: try Self.bytes { try $0.serialize(number) }))
                }
            }
        }
        return coder.serializedBytes
    }

    private static func append(_ entry: Entry, to coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(entry.serial.bytes[...])
            try CalendarTime(entry.at).append(to: &coder)
            guard entry.reason != .unspecified else { return }
            let code = ASN1Identifier(tagWithNumber: 10, tagClass: .universal)
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(
                    Certificate.Extension(
                        oid: OID.reason, critical: false,
                        value: try bytes {
                            $0.appendPrimitiveNode(identifier: code) { bytes in
                                bytes.append(entry.reason.code)
                            }
                        }))
            }
        }
    }

    private static func bytes(
        _ body: (inout DER.Serializer) throws -> Void
    ) throws -> ArraySlice<UInt8> {
        var coder = DER.Serializer()
        try body(&coder)
        return coder.serializedBytes[...]
    }
}

/// What the head of a list says; the list of a folder is ours, so its signature is not checked.
struct RevocationListHead: Hashable, Sendable {
    /// The list's number; 0 when it has none.
    let number: Int64
    /// Until when it is good, Unix time in seconds.
    let nextAt: Int64

    /// Reads a PEM file.
    init(pem: [UInt8]) throws(AuthorityError) {
        do {
            let document = try PEMDocument(pemString: String(decoding: pem, as: UTF8.self))
            self = try DER.sequence(try DER.parse(document.derBytes), identifier: .sequence) {
                nodes in
                let head = try nodes.sequence(Self.read)
                while nodes.next() != nil {}
                return head
            }
        } catch {
            throw .content("it is no list of revoked certificates: \(error)")
        }
    }

    private init(number: Int64, nextAt: Int64) {
        self.number = number
        self.nextAt = nextAt
    }

    private static func read(_ nodes: inout ASN1NodeCollection.Iterator) throws -> Self {
        _ = try Int(derEncoded: &nodes)
        for _ in 0..<3 { _ = nodes.next() }  // algorithm, issuer, made at
        let nextAt = try CalendarTime(&nodes).seconds
        var number: Int64 = 0
        while let node = nodes.next() {
            guard node.identifier == ASN1Identifier(tagWithNumber: 0, tagClass: .contextSpecific)
            else { continue }
            let extensions = try DER.explicitlyTagged(
                node, tagNumber: 0, tagClass: .contextSpecific
            ) { node in
                try DER.sequence(
                    of: Certificate.Extension.self, identifier: .sequence, rootNode: node)
            }
            for found in extensions where found.oid == [2, 5, 29, 20] {
                number = try Int64(derEncoded: Array(found.value))
            }
        }
        return Self(number: number, nextAt: nextAt)
    }
}
