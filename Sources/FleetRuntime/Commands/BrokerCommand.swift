import ArgumentParser
import CertificateAuthority
import Glibc

/// `broker`.
struct BrokerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "broker", abstract: "Configure the MQTT broker.",
        subcommands: [BrokerConfigCommand.self])
}

/// `broker config`.
struct BrokerConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract:
            "Write what a mosquitto needs: configuration, rights, certificates, revoked ones.",
        discussion: """
            Start it with 'mosquitto -c DIR/mosquitto.conf'. Run this command again, with the same \
            options, after 'ca issue-service', 'ca revoke', 'ca crl' and 'ca renew', and send mosquitto \
            SIGHUP; it needs to be started again only when port, address or folder change.
            Programs that look at states, such as Home Assistant, get a certificate with 'ca \
            issue-service reader NAME' and see what '--reader NAME=GATEWAY' says.
            """)

    @OptionGroup var authority: AuthorityOptions

    @Option(
        help: ArgumentHelp(
            "The folder to write to; made when it is missing.", valueName: "dir"),
        completion: .directory)
    var out: String

    @Option(help: "The TCP port to listen on.")
    var port = 8883

    @Option(
        help: ArgumentHelp("Listen on this address alone. (default: all)", valueName: "address"))
    var listen: String?

    @Option(help: "First part of every topic.")
    var root = "amphora"

    @Option(
        help: ArgumentHelp(
            "Let a reader see state and status of a gateway, or with '+' of all; may be repeated.",
            valueName: "name=gateway"))
    var reader: [String] = []

    @Option(
        help: ArgumentHelp(
            "The user who runs the broker; the files will be that user's. (default: who runs this)",
            valueName: "user"))
    var owner: String?

    func run() throws {
        try runAuthority {
            let authority = try authority.folder()
            let owner = try owner.map { try Self.account($0) }
            try DurableFile.makeFolder(out, mode: 0o755)
            let setup = try setup(authority, folder: Self.absolute(out))
            for (file, mode) in [
                ("authorities.pem", 0o644), ("broker.pem", 0o644), ("broker.key", 0o600),
                ("crl.pem", 0o644),
            ] as [(String, mode_t)] {
                try DurableFile.write(
                    try DurableFile.read(authority.file(file)), to: "\(out)/\(file)", mode: mode,
                    owner: owner)
            }
            try DurableFile.write(
                Array(setup.rights.utf8), to: "\(out)/acl", mode: 0o600, owner: owner)
            try DurableFile.write(
                Array(setup.configuration.utf8), to: "\(out)/mosquitto.conf", owner: owner)
            print("wrote '\(setup.folder)/mosquitto.conf' and the files it names")
        }
    }

    /// Checks the options and asks the authority who there is.
    func setup(_ authority: AuthorityFolder, folder: String) throws(AuthorityError) -> BrokerSetup {
        guard (1...65_535).contains(port) else {
            throw .request("'--port' is \(port), allowed 1…65535")
        }
        guard IngestPlan.isTopicPart(root), root.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw .request(
                "'--root' is '\(root)', expected a topic without '+', '#', '$' and spaces, and "
                    + "without '/' at its ends")
        }
        guard folder.utf8.allSatisfy({ $0 >= 0x20 }) else {
            throw .request("'--out' is '\(folder)', expected a path on one line")
        }
        let now = FileCertificateAuthority.now()
        var setup = BrokerSetup(folder: folder)
        setup.port = port
        setup.address = try listen.map { text throws(AuthorityError) in
            try HostName(text).description
        }
        setup.root = root
        setup.user = owner
        setup.services = try authority.services(now: now)
        setup.lockedOut = try authority.lockedOut(now: now)
        for text in reader {
            let (name, gateway) = try Self.reader(text)
            setup.readers[name, default: []].append(gateway)
        }
        for name in setup.readers.keys.sorted(by: { $0.description < $1.description })
        where !setup.services.contains(name) {
            throw .missing(
                "'\(name)' has no good certificate; 'amphora-fleet ca issue-service reader' makes one"
            )
        }
        return setup
    }

    private static func reader(
        _ text: String
    ) throws(AuthorityError) -> (SubjectName, gateway: String) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, let name = SubjectName(.reader, parts[0]),
            parts[1] == "+" || SubjectName(gateway: parts[1]) != nil
        else {
            throw .request(
                "'--reader' is '\(text)', expected a reader's name, '=' and a gateway's id or '+'")
        }
        return (name, String(parts[1]))
    }

    private static func account(_ name: String) throws(AuthorityError) -> (uid_t, gid_t) {
        guard name.utf8.allSatisfy({ $0 > 0x20 }), let entry = getpwnam(name) else {
            throw .missing("there is no user '\(name)'")
        }
        return (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return "\(String(cString: current))/\(path)"
    }
}
