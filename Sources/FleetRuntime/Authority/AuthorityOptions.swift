import ArgumentParser
import CertificateAuthority

/// Where the authority lies.
struct AuthorityOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of the certificate authority.", valueName: "dir"),
        completion: .directory)
    var ca = AuthorityFolder.usual

    func folder() throws(AuthorityError) -> AuthorityFolder { try AuthorityFolder(ca) }
}

/// What opens the issuing key.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase of the issuing key; needed when it is encrypted.",
            valueName: "file"), completion: .file())
    var passphraseFile: String?

    func passphrase() throws(AuthorityError) -> Passphrase? {
        guard let passphraseFile else { return nil }
        return try AuthorityOptions.passphrase(passphraseFile)
    }
}

extension AuthorityOptions {
    /// Reads a passphrase; throws when the file has none.
    static func passphrase(_ path: String) throws(AuthorityError) -> Passphrase {
        guard let passphrase = Passphrase(firstLineOf: try DurableFile.read(path)) else {
            throw .passphrase("the passphrase file '\(path)' begins with no passphrase")
        }
        return passphrase
    }
}

/// Runs a command of the authority: one sentence and an exit status when it fails.
func runAuthority(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as AuthorityError {
        Output.note("amphora-fleet: \(error)")
        if case .file = error { throw ExitCode(ExitStatus.unreachable) }
        throw ExitCode(ExitStatus.configuration)
    }
}
