import ArgumentParser
import CertificateAuthority
import FoundationEssentials
import Glibc
import Telemetry
import X509

/// `ca`.
struct CACommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Keep the certificate authority that gateways, servers and services trust.",
        discussion: """
            An offline root signs an issuing authority, which signs everything else. After 'init', take \
            root.key out of the folder and keep it where no network reaches; only 'renew issuing' \
            needs it again.
            Every command ends with status 0, 3 when an option, a passphrase or a file is not as it \
            should be, or 4 when a file cannot be read or written.
            """,
        subcommands: [
            CAInitCommand.self, CAShowCommand.self, CAIssuedCommand.self,
            CAIssueServiceCommand.self, CARenewCommand.self, CARevokeCommand.self,
            CAListCommand.self,
        ])
}

/// `ca init`.
struct CAInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a root, an issuing authority and the certificates of fleet and broker.",
        discussion: """
            The folder must be missing or empty: an authority is never overwritten. It appears whole \
            or not at all.
            Durations are a whole number and a unit: m minutes, h hours, d days, w weeks, y years.
            """)

    @OptionGroup var authority: AuthorityOptions

    @Option(help: "What stands in the names of the authorities.")
    var name = "Amphora"

    @Option(
        help: ArgumentHelp(
            "A DNS name or an address at which gateways reach fleet and broker; may be repeated.",
            valueName: "host"))
    var host: [String] = []

    @Option(
        help: ArgumentHelp(
            "The same for the broker alone, when it runs elsewhere; may be repeated.",
            valueName: "host"))
    var brokerHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase, at least 8 bytes, that encrypts the keys.",
            valueName: "file"), completion: .file())
    var passphraseFile: String?

    @Option(
        help: ArgumentHelp(
            "The same for the root key alone, so that the server never knows it.",
            valueName: "file"), completion: .file())
    var rootPassphraseFile: String?

    @Flag(help: "Keep keys unencrypted, readable by their owner alone.")
    var noPassphrase = false

    @Option(
        help: ArgumentHelp("PEM file of the key of a root there is.", valueName: "file"),
        completion: .file())
    var rootKey: String?

    @Option(
        help: ArgumentHelp("PEM file of the certificate of that root.", valueName: "file"),
        completion: .file())
    var rootCertificate: String?

    @Option(help: ArgumentHelp("How long a gateway's certificate lives.", valueName: "duration"))
    var deviceLife = "90d"

    @Option(
        help: ArgumentHelp(
            "How long a list of revoked certificates is good; refresh it well before.",
            valueName: "duration"))
    var crlLife = "30d"

    @Option(help: ArgumentHelp("How long a new root lives.", valueName: "duration"))
    var rootLife = "20y"

    @Option(help: ArgumentHelp("How long the issuing certificate lives.", valueName: "duration"))
    var issuingLife = "10y"

    func run() throws {
        try runAuthority {
            let folder = try AuthorityFolder.create(
                at: authority.ca, try setup(), now: FileCertificateAuthority.now())
            print("made a certificate authority in '\(folder.path)'")
            if rootKey == nil {
                print(
                    "now take '\(folder.file("root.key"))' away to a safe place without a network")
            }
        }
    }

    /// Checks the options as a whole.
    func setup() throws(AuthorityError) -> AuthoritySetup {
        guard !host.isEmpty else {
            throw .request("give the names at which fleet and broker are reached with '--host'")
        }
        guard (rootKey == nil) == (rootCertificate == nil) else {
            throw .request("'--root-key' and '--root-certificate' belong together")
        }
        guard noPassphrase != (passphraseFile != nil) else {
            throw .request("give '--passphrase-file', or say '--no-passphrase'; not both")
        }
        let issuing = try protection(passphraseFile)
        // a given root is opened only with a passphrase that was given for it
        let root =
            rootPassphraseFile == nil && rootKey == nil
            ? issuing : try protection(rootPassphraseFile)
        var setup = AuthoritySetup(
            hosts: try hosts(host), brokerHosts: try hosts(brokerHost.isEmpty ? host : brokerHost),
            rootProtection: root, issuingProtection: issuing)
        setup.name = name
        if let rootKey, let rootCertificate {
            setup.givenRoot = AuthoritySetup.GivenRoot(
                keyFile: rootKey, certificateFile: rootCertificate)
        }
        let authorities = Lifetime.days(30)...Lifetime.days(50 * 365)
        setup.deviceLife = try Lifetime.parse(
            deviceLife, of: "--device-life", allowed: AuthorityFolder.deviceLives)
        setup.listLife = try Lifetime.parse(
            crlLife, of: "--crl-life", allowed: AuthorityFolder.listLives)
        setup.rootLife = try Lifetime.parse(rootLife, of: "--root-life", allowed: authorities)
        setup.issuingLife = try Lifetime.parse(
            issuingLife, of: "--issuing-life", allowed: authorities)
        return setup
    }

    private func protection(_ file: String?) throws(AuthorityError) -> KeyProtection {
        guard let file else { return .fileMode }
        let passphrase = try AuthorityOptions.passphrase(file)
        guard passphrase.isLongEnough else {
            throw .passphrase(
                "the passphrase in '\(file)' is shorter than \(Passphrase.fewestBytes) bytes")
        }
        return .passphrase(passphrase)
    }

    private func hosts(_ texts: [String]) throws(AuthorityError) -> [HostName] {
        var hosts: [HostName] = []
        for text in texts { hosts.append(try HostName(text)) }
        return hosts
    }
}
