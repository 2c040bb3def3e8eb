import X509

extension AuthorityFolder {
    /// Makes a key and a certificate for a server or service, and puts them into use together.
    ///
    /// `identities/<name>/current` moves at once, so a reader finds the old pair or the new one. The pair
    /// before stays for readers that are at it; older ones go.
    @discardableResult
    func makeIdentity(
        _ name: SubjectName, hosts: [HostName], _ signer: CertificateForm.Signer, life: Lifetime,
        now: Int64
    ) throws(AuthorityError) -> Certificate {
        let key = SigningKey()
        let certificate = try Self.words("make the certificate of '\(name)'") {
            try CertificateForm.leaf(
                name, hosts: hosts, key: key.publicKey, signer: signer, lifetime: life, now: now)
        }
        try register.record(certificate, of: name)
        let place = file("identities/\(name)")
        let serial = SerialNumber(certificate.serialNumber).description
        let chain = try Self.words("write the certificate of '\(name)'") {
            try certificate.pem() + signer.certificate.pem()
        }
        try DurableFile.makeFolder(place)
        try DurableFile.makeFolder("\(place)/\(serial)")
        try DurableFile.write(
            try key.pem(.fileMode), to: "\(place)/\(serial)/key.pem", mode: 0o600)
        try DurableFile.write(Array(chain.utf8), to: "\(place)/\(serial)/certificate.pem")
        try DurableFile.write(
            Array(try authoritiesText().utf8), to: "\(place)/\(serial)/authorities.pem")
        let before = DurableFile.target(ofLink: "\(place)/current")
        try DurableFile.point(link: "\(place)/current", to: serial)
        for old in try DurableFile.names(in: place)
        where ![serial, before, "current"].contains(old) {
            try DurableFile.remove("\(place)/\(old)")
        }
        return certificate
    }

    /// Makes or renews the pair of a service, and gives the folder it lies in.
    package func issueService(
        _ name: SubjectName, life: Lifetime, passphrase: Passphrase?, now: Int64
    ) throws(AuthorityError) -> String {
        guard let role = name.role, role != .server else {
            throw .request("'\(name)' is no service")
        }
        let signer = try readySigner(passphrase, now: now)
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        try makeIdentity(name, hosts: [], signer, life: life, now: now)
        return file("identities/\(name)/current")
    }

    /// Makes a new pair for a server with the hosts given, or those of the one before.
    package func renewServer(
        _ name: SubjectName, hosts: [HostName]?, passphrase: Passphrase?, now: Int64
    ) throws(AuthorityError) -> Certificate {
        let signer = try readySigner(passphrase, now: now)
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        var names = hosts ?? []
        if hosts == nil { names = try self.hosts(of: name) }
        guard !names.isEmpty else {
            throw .request("the certificate of '\(name)' names no host; give one with '--host'")
        }
        return try makeIdentity(name, hosts: names, signer, life: Self.serverLife, now: now)
    }

    /// The certificate of a server or service that is in use.
    package func current(_ name: SubjectName) throws(AuthorityError) -> Certificate {
        try Self.certificate(in: file("identities/\(name)/current/certificate.pem"))
    }

    /// The hosts that the certificate of a server names.
    package func hosts(of name: SubjectName) throws(AuthorityError) -> [HostName] {
        let certificate = try current(name)
        let names = try Self.words("read the names of '\(name)'") {
            try certificate.extensions.subjectAlternativeNames
        }
        return (names ?? SubjectAlternativeNames([])).compactMap { HostName($0) }
    }

    /// Signs the issuing key anew with the root: same key, same name, a later end.
    ///
    /// Certificates and lists that the key signed go on being good, whichever of its two certificates
    /// somebody holds. The root key may lie elsewhere.
    package func renewIssuing(
        rootKeyFile: String?, rootPassphrase: Passphrase?, passphrase: Passphrase?, life: Lifetime,
        now: Int64
    ) throws(AuthorityError) -> Certificate {
        let path = rootKeyFile ?? file("root.key")
        guard DurableFile.exists(path) else {
            throw .missing("the root key is not in '\(path)'; give its file with '--root-key'")
        }
        let root = try Self.signer(
            key: path, certificate: file("root.pem"), passphrase: rootPassphrase)
        try Self.checkAuthority(root.certificate, file("root.pem"), now: now)
        let old = try signer(passphrase)
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let made = try Self.words("renew the issuing certificate") {
            try CertificateForm.issuing(
                name: old.certificate.subject, key: old.key, signer: root, lifetime: life, now: now)
        }
        try write(made, as: "issuing.pem")
        try DurableFile.write(Array(try authoritiesText().utf8), to: file("authorities.pem"))
        return made
    }

    /// Opens the issuing key for signing now; throws when its certificate has ended or not begun.
    func readySigner(
        _ passphrase: Passphrase?, now: Int64
    ) throws(AuthorityError) -> CertificateForm.Signer {
        let signer = try signer(passphrase)
        if let words = Self.trouble(signer.certificate, now: now) { throw .content(words) }
        return signer
    }

    /// Why the issuing certificate cannot sign now; nil when it can.
    static func trouble(_ issuing: Certificate, now: Int64) -> String? {
        if now < issuing.beginSeconds {
            return "this machine's clock is before the issuing certificate began "
                + "(\(issuing.notValidBefore))"
        }
        guard now >= issuing.endSeconds else { return nil }
        return "the issuing certificate ended \(issuing.notValidAfter); "
            + "'amphora-fleet ca renew issuing' extends it"
    }
}
