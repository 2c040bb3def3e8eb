import X509

/// A key, the certificate for it, and the authorities of the fleet: one unit that is used and replaced together.
package struct IdentityPair: Sendable {
    /// The folder below the folder of the identity, not a link.
    package let name: String
    /// The key.
    package let key: any DeviceKey
    /// The path of the certificate, leaf first, for the TLS library.
    package let certificatePath: String
    /// The path of the authorities that the fleet's servers are held to.
    package let authoritiesPath: String
    /// The certificate with those between it and the root, as they lie in the file.
    package let certificates: [Certificate]
    /// The authorities.
    package let authorities: [Certificate]
    /// The gateway that the certificate names.
    package let gateway: String
    /// When the certificate begins and ends, in seconds since 1970.
    package let life: ClosedRange<Int64>

    /// Reads a pair; what it says is not yet judged, see ``IdentityPair/check(gateway:clock:)``.
    package static func load(
        from folder: IdentityFolder, _ name: String
    ) throws(IdentityFault) -> IdentityPair {
        guard folder.exists(name) else { throw .absent(path: folder.file(name)) }
        let key = try FileKey.load(from: folder, name)
        let certificates = try PEMFile.certificates(folder, "\(name)/certificate.pem")
        let authorities = try PEMFile.certificates(folder, "\(name)/authorities.pem")
        guard let leaf = certificates.first else {
            throw .unreadable(path: folder.file(name), expected: "a pair")
        }
        let begin = Moment.seconds(leaf.notValidBefore)
        return IdentityPair(
            name: name, key: key, certificatePath: folder.file("\(name)/certificate.pem"),
            authoritiesPath: folder.file("\(name)/authorities.pem"), certificates: certificates,
            authorities: authorities, gateway: leaf.commonNames.first ?? "",
            life: begin...max(begin, Moment.seconds(leaf.notValidAfter)))
    }

    /// Who has issued the certificate, by common name.
    package var issuer: String {
        certificates.first.map { $0.issuer.commonNames.first ?? $0.issuer.description } ?? ""
    }

    /// The authorities in PEM.
    package var authoritiesText: [UInt8]? { try? PEMFile.bytes(authorities) }

    /// Throws what keeps the pair from being the identity of a gateway, or of any when nil.
    package func check(gateway: String?, clock: ClockReading) throws(IdentityFault) {
        _ = try CertificateJudge(gateway: gateway, authorities: authorities, clock: clock).judge(
            certificates, key: key.signer.publicKey)
    }
}
