import ArgumentParser
import CertificateAuthority
import Glibc
import ProfileRepository
import ProfileSet
import TUF

/// `profiles`.
struct ProfilesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profiles",
        abstract: "Sign profile sets and publish them to gateways.",
        discussion: """
            Gateways install what the keys of the root trust, and nothing else (TUF 1.0.34). The keys for \
            'root' and 'targets' belong on machines without a network; the fleet keeps those for \
            snapshots, timestamps and assignments itself. What is to be signed lies as a draft until \
            enough keys have signed it; 'publish' shows it to gateways.

            At first: keygen, init, add, sign, publish. For another set: add, sign, publish. Which gateways \
            install it is then decided by 'amphora-fleet rollout create'.

            Exit status of each: 0 done, 1 a set has faults or is in use, a draft lacks signatures or none could \
            be signed, 3 an option, a passphrase or a file is not as it should be, 4 a file cannot be read or \
            written.
            """,
        subcommands: [
            ProfilesKeygenCommand.self, ProfilesInitCommand.self, ProfilesAddCommand.self,
            ProfilesRemoveCommand.self, ProfilesSignCommand.self, ProfilesPublishCommand.self,
            ProfilesRotateCommand.self,
            ProfilesStatusCommand.self,
        ])

    /// Runs a command: one sentence and an exit status when it fails.
    static func perform(_ deed: () throws -> Void) throws {
        do {
            try deed()
        } catch let error as AuthorityError {
            Output.note("amphora-fleet: \(error)")
            if case .file = error { throw ExitCode(ExitStatus.unreachable) }
            throw ExitCode(ExitStatus.configuration)
        } catch let error as RepositoryError {
            if case .unsigned(let lacking) = error {
                for sentence in lacking { Output.note("amphora-fleet: \(sentence)") }
                Output.note("not published: sign the drafts with 'amphora-fleet profiles sign'")
                throw ExitCode(1)
            }
            Output.note("amphora-fleet: \(error)")
            throw ExitCode(ExitStatus.configuration)
        } catch let error as ProfileSetError {
            for fault in error.faults { Output.note("\(fault)") }
            Output.note("\(error.name): not added")
            throw ExitCode(1)
        } catch let error as TUFFault {
            Output.note("amphora-fleet: \(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }

    /// The clock, once for a command.
    static var now: TUFTime { TUFTime(seconds: Int64(time(nil))) }
}

/// Where the repository lies.
struct RepositoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of the repository.", valueName: "dir"), completion: .directory)
    var repository = ProfileRepository.usual

    func open() throws -> ProfileRepository { try ProfileRepository(repository) }
}

/// Private keys that sign.
struct SigningKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("PEM file of a key to sign with; may be repeated.", valueName: "file"),
        completion: .file())
    var key: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase of the keys.", valueName: "file"),
        completion: .file())
    var passphraseFile: String?

    func keys() throws -> [TUFPrivateKey] {
        let passphrase = try passphraseFile.map { try AuthorityOptions.passphrase($0) }
        return try key.map { try KeyFile.read($0, passphrase: passphrase) }
    }
}

/// `profiles keygen`.
struct ProfilesKeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key that signs, best on a machine without a network.",
        discussion: """
            Writes FILE with the key and FILE.pub with its public half, which 'init' and 'rotate' take. \
            Prints the key's id.
            """)

    @Argument(help: "The file to write.", completion: .file())
    var file: String

    @Option(help: "ed25519 or ecdsa-sha2-nistp256.")
    var scheme = "ed25519"

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase, at least 8 bytes, that encrypts the key.",
            valueName: "file"), completion: .file())
    var passphraseFile: String?

    @Flag(help: "Keep the key unencrypted, readable by its owner alone.")
    var noPassphrase = false

    func run() throws {
        try ProfilesCommand.perform {
            guard let scheme = TUFKey.Scheme(rawValue: scheme), scheme != .rsa else {
                throw RepositoryError.request(
                    "'--scheme' is '\(scheme)', allowed 'ed25519', 'ecdsa-sha2-nistp256'")
            }
            guard noPassphrase != (passphraseFile != nil) else {
                throw RepositoryError.request(
                    "give '--passphrase-file', or say '--no-passphrase'; not both")
            }
            var protection = KeyProtection.fileMode
            if let passphraseFile {
                let passphrase = try AuthorityOptions.passphrase(passphraseFile)
                guard passphrase.isLongEnough else {
                    throw RepositoryError.request(
                        "the passphrase in '\(passphraseFile)' is shorter than "
                            + "\(Passphrase.fewestBytes) bytes")
                }
                protection = .passphrase(passphrase)
            }
            print(try KeyFile.make(file, scheme: scheme, protection: protection).publicKey.id)
        }
    }
}

/// `profiles sign`.
struct ProfilesSignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Add signatures to drafts, and say what is still lacking.",
        discussion: """
            With '--file' one draft is signed where the repository is not: carry 'draft/root.json' or \
            'draft/targets.json' to the machine that has the key, sign it there, and carry it back.
            """)

    @OptionGroup var place: RepositoryOptions
    @OptionGroup var signing: SigningKeyOptions

    @Option(
        help: ArgumentHelp("A draft that was carried here.", valueName: "file"),
        completion: .file())
    var file: String?

    func run() throws {
        try ProfilesCommand.perform {
            let keys = try signing.keys()
            guard !keys.isEmpty else {
                throw RepositoryError.request("give the file of a key with '--key'")
            }
            if let file {
                try DraftFile.sign(file, with: keys)
                return print("signed '\(file)'")
            }
            let repository = try place.open()
            let signed = try repository.sign(with: keys)
            for role in signed { print("signed '\(role)'") }
            for sentence in try repository.lacking() { print("lacking: \(sentence)") }
            guard signed.isEmpty else { return }
            let hasDrafts = try !repository.status().drafts.isEmpty
            Output.note(
                hasDrafts
                    ? "nothing is signed: no draft is for a key that was given"
                    : "nothing is signed: there is no draft; 'add', 'remove' and 'rotate' make one")
            throw ExitCode(1)
        }
    }
}

/// `profiles status`.
struct ProfilesStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is published, what waits and until when.")

    @OptionGroup var place: RepositoryOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try ProfilesCommand.perform {
            let status = try place.open().status()
            if json { return print(status.item.canonicalText) }
            for role in status.roles {
                let life = role.expires.map { "valid until \($0)" } ?? "not published"
                print(
                    "\(role.name) \(role.version): \(life), \(role.threshold) of "
                        + "\(role.keys.count) keys sign")
                for key in role.keys { print("    \(key)") }
            }
            for set in status.sets {
                print("\(set.path) \(set.length) bytes, sha256 \(set.hashes["sha256"] ?? "")")
            }
            print("\(status.assignments) assignments")
            for draft in status.drafts { print("draft: \(draft)") }
            for sentence in status.lacking { print("lacking: \(sentence)") }
        }
    }
}
