import SwiftASN1
import X509

/// The folder in which an authority lies.
///
/// ```
/// root.pem root.key          the root; the key may lie elsewhere, and should
/// issuing.pem issuing.key    signs gateways, services, servers and the list
/// authorities.pem            what others trust: root, issuing
/// crl.pem                    revoked certificates
/// device-life crl-life       durations such as 90d
/// fleet.pem fleet.key        links into identities/server.fleet/current
/// broker.pem broker.key      links into identities/server.broker/current
/// identities/<name>/<serial> key.pem certificate.pem authorities.pem of what was made here
/// identities/<name>/current  link to the one in use: key and certificate change together
/// issued/<name>/<serial>.pem every certificate that was ever signed
/// revoked/<serial>           when and why
/// ```
package struct AuthorityFolder: Sendable {
    /// Where it lies unless told otherwise.
    package static let usual = "/var/lib/amphora-fleet/ca"
    /// How long a gateway's certificate may live.
    package static let deviceLives = Lifetime.minutes(10)...Lifetime.days(3650)
    /// How long a list may be good.
    package static let listLives = Lifetime.minutes(10)...Lifetime.days(365)
    /// How long servers and services keep a certificate: a year and a month to renew it in.
    static let serverLife = Lifetime.days(398)

    /// Its path.
    package let path: String

    /// Names a folder that holds an authority; throws when it holds none.
    package init(_ path: String) throws(AuthorityError) {
        self.init(unchecked: path)
        guard DurableFile.exists(file("issuing.pem")) else {
            throw .missing(
                "there is no certificate authority in '\(path)'; 'amphora-fleet ca init' makes one")
        }
    }

    init(unchecked path: String) { self.path = path }

    /// The path of a file in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    var register: IssuedRegister { IssuedRegister(folder: path) }

    /// Waits for other processes that renew, revoke or list.
    func lock() throws(AuthorityError) -> FolderLock { try FolderLock(file("lock")) }

    /// The first certificate of a PEM file.
    package static func certificate(in path: String) throws(AuthorityError) -> Certificate {
        let bytes = try DurableFile.read(path)
        do {
            let documents = try PEMDocument.parseMultiple(
                pemString: String(decoding: bytes, as: UTF8.self))
            guard let first = documents.first else {
                throw AuthorityError.content("'\(path)' holds no certificate")
            }
            return try Certificate(pemDocument: first)
        } catch let error as AuthorityError {
            throw error
        } catch {
            throw .content("'\(path)' holds no certificate: \(error)")
        }
    }

    /// The certificate of the root.
    package func root() throws(AuthorityError) -> Certificate {
        try Self.certificate(in: file("root.pem"))
    }

    /// The certificate that signs.
    package func issuing() throws(AuthorityError) -> Certificate {
        try Self.certificate(in: file("issuing.pem"))
    }

    /// Opens the issuing key; throws when it does not fit its certificate.
    func signer(_ passphrase: Passphrase?) throws(AuthorityError) -> CertificateForm.Signer {
        try Self.signer(
            key: file("issuing.key"), certificate: file("issuing.pem"), passphrase: passphrase)
    }

    static func signer(
        key: String, certificate: String, passphrase: Passphrase?
    ) throws(AuthorityError) -> CertificateForm.Signer {
        let signing = try SigningKey(file: key, passphrase: passphrase)
        let found = try Self.certificate(in: certificate)
        guard signing.publicKey == found.publicKey else {
            throw .content("the key '\(key)' is not that of the certificate '\(certificate)'")
        }
        return CertificateForm.Signer(key: signing, certificate: found)
    }

    /// How long a gateway's certificate lives.
    package func deviceLife() throws(AuthorityError) -> Lifetime {
        try lifetime("device-life", Self.deviceLives)
    }

    /// How long a list is good.
    package func listLife() throws(AuthorityError) -> Lifetime {
        try lifetime("crl-life", Self.listLives)
    }

    private func lifetime(
        _ name: String, _ allowed: ClosedRange<Lifetime>
    ) throws(AuthorityError) -> Lifetime {
        let text = String(decoding: try DurableFile.read(file(name)), as: UTF8.self)
        return try Lifetime.parse(
            text.prefix { $0 != "\n" }, of: file(name), allowed: allowed)
    }

    /// Keeps a lifetime.
    func write(_ lifetime: Lifetime, as name: String) throws(AuthorityError) {
        try DurableFile.write(Array("\(lifetime)\n".utf8), to: file(name))
    }

    /// What others trust, root first.
    func authoritiesText() throws(AuthorityError) -> String {
        try Self.words("write the authorities") {
            try self.root().pem() + (try self.issuing().pem())
        }
    }

    /// Runs a step whose errors have no type.
    static func words<Result>(
        _ what: String, _ body: () throws -> Result
    ) throws(AuthorityError) -> Result {
        do {
            return try body()
        } catch let error as AuthorityError {
            throw error
        } catch {
            throw .content("cannot \(what): \(error)")
        }
    }
}
