import Glibc
import X509

/// Issues certificates of gateways with the key in a folder; any thread may ask, and so may many
/// processes at once.
///
/// 1. Nothing of a request but its key gets into a certificate.
/// 2. A certificate is on record before it is handed out, so that it can be revoked.
package final class FileCertificateAuthority: CertificateIssuer {
    /// The certificates that devices shall trust, root first, in DER; those of the moment of opening.
    package let authorities: [[UInt8]]

    private let folder: AuthorityFolder
    private let key: SigningKey
    private let clock: @Sendable () -> Int64

    /// Opens the authority of a folder; `clock` gives Unix time in seconds.
    package init(
        _ folder: AuthorityFolder, passphrase: Passphrase?,
        clock: @escaping @Sendable () -> Int64 = FileCertificateAuthority.now
    ) throws(AuthorityError) {
        let signer = try folder.readySigner(passphrase, now: clock())
        authorities = try AuthorityFolder.words("read the authorities") {
            [try folder.root().der(), try signer.certificate.der()]
        }
        key = signer.key
        self.folder = folder
        self.clock = clock
    }

    /// The clock of this machine, Unix time in seconds.
    package static let now: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec)
    }

    package func issue(request: [UInt8], gateway: String) throws(IssueError) -> [UInt8] {
        guard let name = SubjectName(gateway: gateway) else {
            throw IssueError(
                "'\(gateway.prefix(80))' is no gateway's id, expected 1 to 64 of a-z, 0-9 and '-'")
        }
        let request = try CertificateRequest(der: request, for: name)
        do {
            return try sign(request, name)
        } catch {
            throw IssueError("\(error)")
        }
    }

    /// Reads certificate and lifetime anew, because another process may have renewed or changed them.
    private func sign(
        _ request: CertificateRequest, _ name: SubjectName
    ) throws(AuthorityError) -> [UInt8] {
        let now = clock()
        let issuing = try folder.issuing()
        if let words = AuthorityFolder.trouble(issuing, now: now) { throw .content(words) }
        guard issuing.publicKey == key.publicKey else {
            throw .content(
                "the issuing key in '\(folder.path)' was replaced; start the fleet again")
        }
        let life = try folder.deviceLife()
        let (made, bytes) = try AuthorityFolder.words("sign the certificate of '\(name)'") {
            let made = try CertificateForm.leaf(
                name, key: request.key,
                signer: CertificateForm.Signer(key: self.key, certificate: issuing),
                lifetime: life, now: now)
            return (made, try made.der())
        }
        try folder.register.record(made, of: name)
        return bytes
    }

    /// Whether a certificate that this authority signed was revoked since.
    package func isRevoked(_ serial: SerialNumber) -> Bool { folder.register.isRevoked(serial) }
}
