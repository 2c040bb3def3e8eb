import CutPoints
import Glibc
import X509

/// What a new authority is to be.
package struct AuthoritySetup: Sendable {
    /// A root that was made elsewhere.
    package struct GivenRoot: Sendable {
        /// PEM file of its key.
        package let keyFile: String
        /// PEM file of its certificate.
        package let certificateFile: String

        /// Names the files.
        package init(keyFile: String, certificateFile: String) {
            self.keyFile = keyFile
            self.certificateFile = certificateFile
        }
    }

    /// What stands in the names of the authorities, 1 to 48 bytes.
    package var name = "Amphora"
    /// Where the fleet's HTTPS server is reached.
    package var fleetHosts: [HostName]
    /// Where the broker is reached.
    package var brokerHosts: [HostName]
    /// A root that was made elsewhere; nil makes one.
    package var givenRoot: GivenRoot?
    /// How the root key lies on the disk, or the passphrase of a given one.
    package var rootProtection: KeyProtection
    /// How the issuing key lies on the disk.
    package var issuingProtection: KeyProtection
    /// How long the certificate of a gateway lives.
    package var deviceLife = Lifetime.days(90)
    /// How long a list of revoked certificates is good.
    package var listLife = Lifetime.days(30)
    /// How long a new root lives.
    package var rootLife = Lifetime.days(20 * 365)
    /// How long the issuing certificate lives.
    package var issuingLife = Lifetime.days(10 * 365)

    /// A setup with the usual lifetimes.
    package init(
        hosts: [HostName], brokerHosts: [HostName], rootProtection: KeyProtection,
        issuingProtection: KeyProtection
    ) {
        fleetHosts = hosts
        self.brokerHosts = brokerHosts
        self.rootProtection = rootProtection
        self.issuingProtection = issuingProtection
    }
}

extension AuthorityFolder {
    /// Makes an authority in a folder that does not exist or is empty.
    ///
    /// All is written beside it, in `<path>.unfinished`, and moved into place at the end: a process that
    /// dies leaves no authority, and what it left behind is removed by the next one.
    package static func create(
        at path: String, _ setup: AuthoritySetup, now: Int64
    ) throws(AuthorityError) -> AuthorityFolder {
        let draft = "\(path).unfinished"
        let lock = try FolderLock(DurableFile.parent(of: path), isFile: false, waits: false)
        defer { withExtendedLifetime(lock) {} }
        guard try DurableFile.names(in: path).isEmpty else {
            throw .request("'\(path)' is not empty; an authority is never overwritten")
        }
        try DurableFile.remove(draft)
        try DurableFile.makeFolder(draft)
        let folder = AuthorityFolder(unchecked: draft)
        try folder.fill(setup, now: now)
        CutPoint.pass("ca-filled")
        guard rename(draft, path) == 0 else {
            throw DurableFile.failed("move the new authority to", path)
        }
        CutPoint.pass("ca-moved")
        try DurableFile.synchronise(folder: DurableFile.parent(of: path))
        return AuthorityFolder(unchecked: path)
    }

    private func fill(_ setup: AuthoritySetup, now: Int64) throws(AuthorityError) {
        guard (1...48).contains(setup.name.utf8.count),
            setup.name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .request("the authority's name is '\(setup.name)', expected 1 to 48 letters") }
        try register.create()
        try DurableFile.makeFolder(file("identities"))
        try write(setup.deviceLife, as: "device-life")
        try write(setup.listLife, as: "crl-life")
        let root: CertificateForm.Signer
        if let given = setup.givenRoot {
            root = try Self.check(given, setup.rootProtection, now: now)
        } else {
            root = try makeRoot(setup, now: now)
        }
        let key = SigningKey()
        try DurableFile.write(
            try key.pem(setup.issuingProtection), to: file("issuing.key"), mode: 0o600)
        let issuing = try Self.words("make the issuing certificate") {
            try CertificateForm.issuing(
                name: try DistinguishedName { CommonName("\(setup.name) issuing CA") }, key: key,
                signer: root, lifetime: setup.issuingLife, now: now)
        }
        try write(issuing, as: "issuing.pem")
        try write(root.certificate, as: "root.pem")
        try DurableFile.write(Array(try authoritiesText().utf8), to: file("authorities.pem"))
        let signer = CertificateForm.Signer(key: key, certificate: issuing)
        try makeServer(.fleet, setup.fleetHosts, signer, now: now)
        try makeServer(.broker, setup.brokerHosts, signer, now: now)
        try writeList(signer, life: setup.listLife, now: now)
    }

    private func makeServer(
        _ name: SubjectName, _ hosts: [HostName], _ signer: CertificateForm.Signer, now: Int64
    ) throws(AuthorityError) {
        try makeIdentity(name, hosts: hosts, signer, life: Self.serverLife, now: now)
        let short = name == .fleet ? "fleet" : "broker"
        let current = "identities/\(name)/current"
        try DurableFile.point(link: file("\(short).pem"), to: "\(current)/certificate.pem")
        try DurableFile.point(link: file("\(short).key"), to: "\(current)/key.pem")
    }

    private func makeRoot(
        _ setup: AuthoritySetup, now: Int64
    ) throws(AuthorityError) -> CertificateForm.Signer {
        let key = SigningKey()
        try DurableFile.write(
            try key.pem(setup.rootProtection), to: file("root.key"), mode: 0o600)
        let certificate = try Self.words("make the root certificate") {
            try CertificateForm.root(
                name: setup.name, key: key, lifetime: setup.rootLife, now: now)
        }
        return CertificateForm.Signer(key: key, certificate: certificate)
    }

    private static func check(
        _ given: AuthoritySetup.GivenRoot, _ protection: KeyProtection, now: Int64
    ) throws(AuthorityError) -> CertificateForm.Signer {
        var passphrase: Passphrase?
        if case .passphrase(let found) = protection { passphrase = found }
        let root = try signer(
            key: given.keyFile, certificate: given.certificateFile, passphrase: passphrase)
        try checkAuthority(root.certificate, given.certificateFile, now: now)
        return root
    }

    /// Whether a certificate may sign ours; throws with what it lacks.
    static func checkAuthority(
        _ certificate: Certificate, _ path: String, now: Int64
    ) throws(AuthorityError) {
        let constraints = try? certificate.extensions.basicConstraints
        guard case .isCertificateAuthority(let depth)? = constraints, depth.map({ $0 >= 1 }) ?? true
        else {
            throw .content("'\(path)' may not sign an issuing authority (basic constraints)")
        }
        if let usage = try? certificate.extensions.keyUsage, !usage.keyCertSign {
            throw .content("'\(path)' may not sign certificates (key usage)")
        }
        guard certificate.beginSeconds <= now, now < certificate.endSeconds else {
            throw .content(
                "'\(path)' is good from \(certificate.notValidBefore) to "
                    + "\(certificate.notValidAfter), not now")
        }
    }

    /// Writes a certificate.
    func write(_ certificate: Certificate, as name: String) throws(AuthorityError) {
        let text = try Self.words("write a certificate") { try certificate.pem() }
        try DurableFile.write(Array(text.utf8), to: file(name))
    }
}
