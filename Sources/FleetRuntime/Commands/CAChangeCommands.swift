import ArgumentParser
import CertificateAuthority
import Telemetry
import X509

/// `ca issue-service`.
struct CAIssueServiceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue-service",
        abstract: "Make or renew key and certificate of an ingest worker or of a reader.",
        discussion: """
            Its name at the broker is the role, a dot and the name, such as ingest.berlin-1: no \
            gateway's id has a dot, so none can come by such a name. The broker gives each name one \
            connection, so each worker needs a certificate of its own; '--workers 4' makes berlin-1 to \
            berlin-4 in one go, which 'ingest' takes as '--cert …/ingest.berlin-{worker}/…'.
            The folder printed holds key.pem, certificate.pem and authorities.pem; copy it to the \
            machine that uses it. Then run 'broker config' again, so that the broker knows the name.
            """)

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var secret: PassphraseOptions

    @Argument(help: "ingest, or reader for programs that only look at states.")
    var role: String

    @Argument(help: "A name of 1 to 48 of a-z, 0-9 and '-'.")
    var name: String

    @Option(help: "Make so many, named NAME-1 and so on, 1 to 64.")
    var workers: Int?

    @Option(help: ArgumentHelp("How long the certificate lives.", valueName: "duration"))
    var life = "398d"

    func run() throws {
        try runAuthority {
            let lifetime = try Lifetime.parse(
                life, of: "--life", allowed: .minutes(10) ... .days(3650))
            let passphrase = try secret.passphrase()
            let folder = try authority.folder()
            for subject in try subjects() {
                print(
                    try folder.issueService(
                        subject, life: lifetime, passphrase: passphrase,
                        now: FileCertificateAuthority.now()))
            }
        }
    }

    private func subjects() throws(AuthorityError) -> [SubjectName] {
        guard let role = SubjectName.Role(rawValue: role), role != .server else {
            throw .request("the role is '\(role)', expected 'ingest' or 'reader'")
        }
        guard workers.map({ (1...64).contains($0) }) ?? true else {
            throw .request("'--workers' is \(workers ?? 0), allowed 1…64")
        }
        let names = workers.map { (1...$0).map { "\(name)-\($0)" } } ?? [name]
        var subjects: [SubjectName] = []
        for name in names {
            guard let subject = SubjectName(role, name) else {
                throw .request("the name is '\(name)', expected 1 to 48 of a-z, 0-9 and '-'")
            }
            subjects.append(subject)
        }
        return subjects
    }
}

/// `ca renew`.
struct CARenewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Renew the certificate of the fleet, of the broker or of the issuing authority.",
        discussion: """
            fleet and broker get a new key; both change at once. Start the fleet again; for the \
            broker run 'broker config' again and send it SIGHUP.
            issuing keeps its key and name, so nothing it ever signed changes; it needs the root key. \
            Start the fleet again afterwards.
            """)

    enum Part: String, CaseIterable, ExpressibleByArgument { case fleet, broker, issuing }

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var secret: PassphraseOptions

    @Argument(help: "fleet, broker or issuing.")
    var part: Part

    @Option(
        help: ArgumentHelp(
            "Name these hosts instead of those of the certificate before; may be repeated.",
            valueName: "host"))
    var host: [String] = []

    @Option(
        help: ArgumentHelp("PEM file of the root key, for issuing.", valueName: "file"),
        completion: .file())
    var rootKey: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase of the root key. (default: that of the issuing key)",
            valueName: "file"), completion: .file())
    var rootPassphraseFile: String?

    @Option(help: ArgumentHelp("How long the issuing certificate lives.", valueName: "duration"))
    var issuingLife = "10y"

    func run() throws {
        try runAuthority {
            let certificate = try renew(try authority.folder(), FileCertificateAuthority.now())
            let end = RFC3339.text(unixMilliseconds: certificate.endSeconds * 1000)
            print("renewed \(part.rawValue), good until \(end)")
        }
    }

    private func renew(_ folder: AuthorityFolder, _ now: Int64) throws -> Certificate {
        let passphrase = try secret.passphrase()
        guard part == .issuing else {
            let hosts = try host.map { try HostName($0) }
            return try folder.renewServer(
                part == .fleet ? .fleet : .broker, hosts: hosts.isEmpty ? nil : hosts,
                passphrase: passphrase, now: now)
        }
        let lifetime = try Lifetime.parse(
            issuingLife, of: "--issuing-life", allowed: .days(30) ... .days(50 * 365))
        let root = try rootPassphraseFile.map { try AuthorityOptions.passphrase($0) }
        return try folder.renewIssuing(
            rootKeyFile: rootKey, rootPassphrase: root ?? passphrase, passphrase: passphrase,
            life: lifetime, now: now)
    }
}

/// `ca revoke`.
struct CARevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke one certificate, or all of a gateway, and write a new list.",
        discussion: """
            Bring the list to the broker with 'broker config' and send it SIGHUP: from then on it \
            refuses the certificate, and takes every right from a connection that still stands.
            """)

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var secret: PassphraseOptions

    @Argument(help: "The certificate's serial number, hexadecimal.")
    var serial: String?

    @Option(
        help: ArgumentHelp(
            "Revoke all certificates of this gateway, or service, that have not ended.",
            valueName: "name"))
    var gateway: String?

    @Option(
        help: ArgumentHelp(
            "unspecified, key-compromise, superseded, cessation or privilege-withdrawn.",
            valueName: "reason"))
    var reason = "unspecified"

    func run() throws {
        try runAuthority {
            guard let reason = RevocationList.Reason(rawValue: reason) else {
                let allowed = RevocationList.Reason.allCases.map { "'\($0.rawValue)'" }
                throw AuthorityError.request(
                    "'--reason' is '\(self.reason)', expected \(allowed.joined(separator: ", "))")
            }
            let folder = try authority.folder()
            let now = FileCertificateAuthority.now()
            let revoked = try folder.revoke(
                try chosen(folder, now), reason: reason, passphrase: try secret.passphrase(),
                now: now)
            for certificate in revoked {
                print("revoked \(certificate.serial) of '\(certificate.name)'")
            }
            if revoked.isEmpty { print("nothing was good any more; the list is new") }
        }
    }

    private func chosen(
        _ folder: AuthorityFolder, _ now: Int64
    ) throws(AuthorityError) -> [IssuedCertificate] {
        switch (serial, gateway) {
        case (let text?, nil):
            guard let serial = SerialNumber(hex: text) else {
                throw .request("'\(text)' is no serial number, expected hexadecimal digits")
            }
            return [try folder.issued(serial)]
        case (nil, let text?):
            let certificates = try folder.issued(to: try Self.subject(text))
            guard !certificates.isEmpty else {
                throw .missing("no certificate was issued to '\(text)' here")
            }
            return certificates.filter { now <= $0.end }
        default: throw .request("give a serial number or '--gateway', one of them")
        }
    }

    static func subject(_ text: String) throws(AuthorityError) -> SubjectName {
        guard let name = SubjectName(text) else {
            throw .request(
                "'\(text)' is no name, expected a gateway's id or a service such as 'ingest.a'")
        }
        return name
    }
}

/// `ca crl`.
struct CAListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crl",
        abstract: "Write a fresh list of revoked certificates.",
        discussion: """
            A broker refuses everybody once its list is out of date, so do this from a timer, well \
            before: daily for a list of 30 days. Bring the list to the broker with 'broker config' and \
            send it SIGHUP.
            """)

    @OptionGroup var authority: AuthorityOptions
    @OptionGroup var secret: PassphraseOptions

    @Option(
        help: ArgumentHelp(
            "How long this list is good. (default: what init was told)", valueName: "duration"))
    var nextUpdate: String?

    func run() throws {
        try runAuthority {
            let life = try nextUpdate.map {
                try Lifetime.parse($0, of: "--next-update", allowed: AuthorityFolder.listLives)
            }
            let list = try authority.folder().refreshList(
                life: life, passphrase: try secret.passphrase(),
                now: FileCertificateAuthority.now())
            let end = RFC3339.text(unixMilliseconds: list.nextAt * 1000)
            print("list \(list.number) names \(list.entries.count), good until \(end)")
        }
    }
}
