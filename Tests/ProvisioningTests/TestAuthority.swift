import Crypto
import FoundationEssentials
import SwiftASN1
import X509

@testable import Provisioning

/// An authority in memory that signs whatever a test asks for.
struct TestAuthority {
    let key: Certificate.PrivateKey
    let certificate: Certificate

    /// A root that signs itself.
    init(root name: String = "Fleet Root", life: ClosedRange<Int64> = Self.longLife) throws {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        certificate = try Self.sign(
            key.publicKey, names: [name], issuer: Self.name([name]), by: key, life: life,
            isAuthority: true)
    }

    /// An authority below another one.
    init(_ name: String, below root: TestAuthority, life: ClosedRange<Int64> = Self.longLife) throws
    {
        key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        certificate = try root.certificate(
            for: key.publicKey, names: [name], life: life, isAuthority: true)
    }

    /// The moment at which these tests take place: 2027-01-15.
    static let now: Int64 = 1_800_000_000
    static let longLife = now - 86_400...now + 3650 * 86_400
    static let life = now - 3600...now + 90 * 86_400

    func certificate(
        for key: Certificate.PublicKey, names: [String] = ["gw-1"],
        life: ClosedRange<Int64> = Self.life, isAuthority: Bool = false, isForClients: Bool = true
    ) throws -> Certificate {
        try Self.sign(
            key, names: names, issuer: certificate.subject, by: self.key, life: life,
            isAuthority: isAuthority, isForClients: isForClients)
    }

    private static func name(_ names: [String]) -> DistinguishedName {
        DistinguishedName(
            names.map {
                RelativeDistinguishedName(
                    .init(type: .RDNAttributeType.commonName, utf8String: $0))
            })
    }

    private static func sign(
        _ key: Certificate.PublicKey, names: [String], issuer: DistinguishedName,
        by signer: Certificate.PrivateKey, life: ClosedRange<Int64>, isAuthority: Bool,
        isForClients: Bool = true
    ) throws -> Certificate {
        let extensions = try Certificate.Extensions {
            Critical(
                isAuthority
                    ? BasicConstraints.isCertificateAuthority(maxPathLength: nil)
                    : BasicConstraints.notCertificateAuthority)
            Critical(
                isAuthority ? KeyUsage(keyCertSign: true) : KeyUsage(digitalSignature: true))
            if !isAuthority {
                try ExtendedKeyUsage([isForClients ? .clientAuth : .serverAuth])
            }
        }
        return try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key,
            notValidBefore: Date(timeIntervalSince1970: Double(life.lowerBound)),
            notValidAfter: Date(timeIntervalSince1970: Double(life.upperBound)),
            issuer: issuer, subject: name(names), signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: signer)
    }
}
