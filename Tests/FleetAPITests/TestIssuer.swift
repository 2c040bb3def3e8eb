import CertificateAuthority
import Crypto
import Foundation
import SwiftASN1
import Synchronization
import X509

/// An authority in memory, which signs with its root.
final class TestIssuer: CertificateIssuer {
    let key = P256.Signing.PrivateKey()
    let root: Certificate
    let authorities: [[UInt8]]
    /// Whether it refuses to sign.
    let isBroken = Mutex(false)

    init(_ name: String) throws {
        let subject = try DistinguishedName { CommonName(name) }
        let now = Date()
        root = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: now - 86_400 * 365, notValidAfter: now + 86_400 * 3650,
            issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            }, issuerPrivateKey: .init(key))
        authorities = [try root.der]
    }

    func issue(request: [UInt8], gateway: String) throws(IssueError) -> [UInt8] {
        guard !isBroken.withLock({ $0 }) else { throw IssueError("the authority is closed") }
        do {
            let request = try CertificateSigningRequest(derEncoded: request)
            return try leaf(gateway, request.publicKey).der
        } catch {
            throw IssueError("\(error)")
        }
    }

    /// A certificate for TLS clients, or one for the server at 127.0.0.1.
    func leaf(
        _ name: String, _ publicKey: Certificate.PublicKey, from: Double = -3600,
        to: Double = 86_400, isServer: Bool = false
    ) throws -> Certificate {
        let names: [GeneralName] =
            isServer
            ? [.dnsName("localhost"), .ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))]
            : [.uniformResourceIdentifier("urn:amphora:gateway:\(name)")]
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: publicKey,
            notValidBefore: Date() + from, notValidAfter: Date() + to, issuer: root.subject,
            subject: try DistinguishedName { CommonName(name) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([isServer ? .serverAuth : .clientAuth])
                SubjectAlternativeNames(names)
            }, issuerPrivateKey: .init(key))
    }
}

extension Certificate {
    var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }

    var pem: String {
        get throws {
            PEMDocument(type: Self.defaultPEMDiscriminator, derBytes: try der).pemString + "\n"
        }
    }
}
