extension AuthorityFolder {
    /// Revokes certificates and writes a list that names them; gives those that were not yet revoked.
    ///
    /// The key is opened first, so that a wrong passphrase revokes nothing. A process that dies between
    /// the two leaves certificates revoked that the list does not name yet; revoking again, or a new
    /// list, mends it.
    package func revoke(
        _ certificates: [IssuedCertificate], reason: RevocationList.Reason, passphrase: Passphrase?,
        now: Int64
    ) throws(AuthorityError) -> [IssuedCertificate] {
        let signer = try readySigner(passphrase, now: now)
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        var revoked: [IssuedCertificate] = []
        for certificate in certificates {
            if try register.revoke(certificate, reason: reason, now: now) {
                revoked.append(certificate)
            }
        }
        try writeList(signer, life: try listLife(), now: now)
        return revoked
    }

    /// Writes a new list, good for `life` or the usual time, and gives it.
    package func refreshList(
        life: Lifetime?, passphrase: Passphrase?, now: Int64
    ) throws(AuthorityError) -> RevocationList {
        let signer = try readySigner(passphrase, now: now)
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        let usual = try listLife()
        return try writeList(signer, life: life ?? usual, now: now)
    }

    /// Writes a list; its number is the time or one more than the last, so that it grows even when the
    /// last list is lost.
    @discardableResult
    func writeList(
        _ signer: CertificateForm.Signer, life: Lifetime, now: Int64
    ) throws(AuthorityError) -> RevocationList {
        var number = now
        if DurableFile.exists(file("crl.pem")) {
            number = max(now, try listHead().number.addingReportingOverflow(1).partialValue)
        }
        let list = RevocationList(
            number: number, madeAt: now - CertificateForm.backdating, nextAt: now + life.seconds,
            entries: try register.revocations(now: now))
        let text = try Self.words("sign the list of revoked certificates") {
            try list.pem(signer)
        }
        try DurableFile.write(Array(text.utf8), to: file("crl.pem"))
        return list
    }

    private func listHead() throws(AuthorityError) -> RevocationListHead {
        do {
            return try RevocationListHead(pem: try DurableFile.read(file("crl.pem")))
        } catch {
            throw .content("cannot read '\(file("crl.pem"))': \(error)")
        }
    }

    /// Number and end of the list there is, Unix time in seconds.
    package func list() throws(AuthorityError) -> (number: Int64, nextAt: Int64) {
        let head = try listHead()
        return (head.number, head.nextAt)
    }

    /// The certificate of a number; throws when none was issued here.
    package func issued(_ serial: SerialNumber) throws(AuthorityError) -> IssuedCertificate {
        try register.certificate(serial)
    }

    /// All certificates of a name, oldest first.
    package func issued(to name: SubjectName) throws(AuthorityError) -> [IssuedCertificate] {
        try register.certificates(of: name)
    }

    /// Names that ever got a certificate.
    package func names() throws(AuthorityError) -> [SubjectName] { try register.names() }

    /// Services that have a good certificate, by their names.
    package func services(now: Int64) throws(AuthorityError) -> [SubjectName] {
        var services: [SubjectName] = []
        for name in try names() where name.role != nil && name.role != .server {
            if try hasGood(name, now: now) { services.append(name) }
        }
        return services
    }

    /// Gateways and services whose certificates were revoked and that have no good one since.
    package func lockedOut(now: Int64) throws(AuthorityError) -> [SubjectName] {
        var names: [SubjectName] = []
        for name in try register.revokedNames(now: now) where name.role != .server {
            if try !hasGood(name, now: now) { names.append(name) }
        }
        return names.sorted { $0.description < $1.description }
    }

    private func hasGood(_ name: SubjectName, now: Int64) throws(AuthorityError) -> Bool {
        try register.certificates(of: name).contains { $0.isGood(at: now) }
    }

    /// How many certificates the next list names.
    package func revokedCount(now: Int64) throws(AuthorityError) -> Int {
        try register.revocations(now: now).count
    }
}
