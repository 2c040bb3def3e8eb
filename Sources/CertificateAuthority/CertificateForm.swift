import FoundationEssentials
import SwiftASN1
import X509

/// What our certificates look like.
///
/// Every one began an hour before it was made, because clocks differ, and ends no later than the one
/// that signed it.
struct CertificateForm {
    /// How long ago a new certificate began, in seconds.
    static let backdating: Int64 = 3600

    /// Who signs.
    struct Signer {
        let key: SigningKey
        let certificate: Certificate
    }

    /// When a certificate is good, Unix time in seconds.
    private struct Validity {
        let begin: Date
        let end: Date

        init(_ lifetime: Lifetime, now: Int64, within signer: Certificate?) {
            begin = Date(timeIntervalSince1970: Double(now - CertificateForm.backdating))
            let end = Date(timeIntervalSince1970: Double(now + lifetime.seconds))
            self.end = signer.map { min(end, $0.notValidAfter) } ?? end
        }
    }

    /// The certificate that everything hangs from; it may sign authorities that sign no further ones.
    static func root(
        name: String, key: SigningKey, lifetime: Lifetime, now: Int64
    ) throws -> Certificate {
        let subject = try DistinguishedName { CommonName("\(name) root CA") }
        return try authority(
            subject, key: key.publicKey, further: 1, signer: key, signerCertificate: nil,
            Validity(lifetime, now: now, within: nil))
    }

    /// The certificate that signs those of gateways and servers, and the list of revoked ones.
    static func issuing(
        name: DistinguishedName, key: SigningKey, signer: Signer, lifetime: Lifetime, now: Int64
    ) throws -> Certificate {
        try authority(
            name, key: key.publicKey, further: 0, signer: signer.key,
            signerCertificate: signer.certificate,
            Validity(lifetime, now: now, within: signer.certificate))
    }

    private static func authority(
        _ subject: DistinguishedName, key: Certificate.PublicKey, further: Int, signer: SigningKey,
        signerCertificate: Certificate?, _ validity: Validity
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: SerialNumber.random().certificateNumber, publicKey: key,
            notValidBefore: validity.begin, notValidAfter: validity.end,
            issuer: signerCertificate?.subject ?? subject, subject: subject,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: further))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key)
                authorityKey(signer, signerCertificate)
            },
            issuerPrivateKey: signer.certificateKey)
    }

    /// A certificate of a gateway, a service or a server; nothing of a request but its key gets in.
    static func leaf(
        _ name: SubjectName, hosts: [HostName] = [], key: Certificate.PublicKey, signer: Signer,
        lifetime: Lifetime, now: Int64
    ) throws -> Certificate {
        let validity = Validity(lifetime, now: now, within: signer.certificate)
        let isServer = name.role == .server
        let names =
            hosts.isEmpty ? [.uniformResourceIdentifier(name.uri)] : hosts.map(\.generalName)
        return try Certificate(
            version: .v3, serialNumber: SerialNumber.random().certificateNumber, publicKey: key,
            notValidBefore: validity.begin, notValidAfter: validity.end,
            issuer: signer.certificate.subject,
            subject: try DistinguishedName { CommonName(name.description) },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([isServer ? .serverAuth : .clientAuth])
                SubjectAlternativeNames(names)
                SubjectKeyIdentifier(hash: key)
                authorityKey(signer.key, signer.certificate)
            },
            issuerPrivateKey: signer.key.certificateKey)
    }

    /// The identifier that the signer's certificate gives its key, or the usual hash of it.
    static func authorityKey(
        _ signer: SigningKey, _ certificate: Certificate?
    ) -> AuthorityKeyIdentifier {
        let named = try? certificate?.extensions.subjectKeyIdentifier?.keyIdentifier
        return AuthorityKeyIdentifier(
            keyIdentifier: named ?? SubjectKeyIdentifier(hash: signer.publicKey).keyIdentifier)
    }
}

extension Certificate {
    /// When it began, Unix time in seconds.
    package var beginSeconds: Int64 { Int64(notValidBefore.timeIntervalSince1970) }

    /// When it ends, Unix time in seconds.
    package var endSeconds: Int64 { Int64(notValidAfter.timeIntervalSince1970) }

    /// Its only common name; nil when it has none or several.
    package var commonName: String? { subject.onlyCommonName }

    /// The PEM text, with a line's end.
    func pem() throws -> String { try serializeAsPEM().pemString + "\n" }

    /// The bytes of the certificate.
    package func der() throws -> [UInt8] {
        var coder = DER.Serializer()
        try coder.serialize(self)
        return coder.serializedBytes
    }
}

extension DistinguishedName {
    /// The common name; nil when there is none or more than one.
    var onlyCommonName: String? {
        let names = lazy.flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }
        guard let name = names.first, names.dropFirst().isEmpty else { return nil }
        return String(name.value)
    }
}
