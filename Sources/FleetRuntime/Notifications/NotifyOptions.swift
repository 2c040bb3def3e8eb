import ArgumentParser
import CertificateAuthority
import FleetStore
import Glibc
import HTTPSClient
import Notifications

/// How users are told of alarms.
struct NotifyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where mail is handed in: smtps://host (TLS), smtp://host (STARTTLS, required), or "
                + "smtp+plain://localhost.", valueName: "address"))
    var mailServer: String?

    @Option(
        help: ArgumentHelp("The address that mail comes from.", valueName: "address"))
    var mailFrom: String?

    @Option(
        help: ArgumentHelp("Whom to sign in as at the mail server.", valueName: "name"))
    var mailUser: String?

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the password at the mail server.", valueName: "file"),
        completion: .file())
    var mailPasswordFile: String?

    @Option(
        help: ArgumentHelp(
            "PEM file of those who vouch for the mail server and for push services.",
            valueName: "file"), completion: .file())
    var notifyCa = "/etc/ssl/certs/ca-certificates.crt"

    @Option(
        help: ArgumentHelp(
            "Where users find the app, https://host; messages lead there.", valueName: "address"))
    var appAddress: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the key for messages to browsers; made at first use.",
            valueName: "file"), completion: .file())
    var pushKey: String?

    @Flag(
        help: ArgumentHelp("Let push services be on this machine; to try out.", visibility: .hidden)
    )
    var pushToLoopback = false

    /// The ways there are.
    struct Ways {
        var mail: MailWay?
        var push: PushWay?
        /// What browsers need to subscribe.
        var pushKey: String?
    }

    /// What was given; ends the command with status 3 when it does not fit.
    func ways() throws -> Ways {
        var faults: [String] = []
        var ways = Ways()
        let app = appAddress.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 } ?? ""
        if !app.isEmpty, !Self.isAppAddress(app) {
            faults.append("'--app-address' is '\(app)', expected 'https://host' without a path")
        }
        if mailServer == nil {
            for (name, value) in [
                ("--mail-from", mailFrom), ("--mail-user", mailUser),
                ("--mail-password-file", mailPasswordFile),
            ] where value != nil {
                faults.append("'\(name)' needs '--mail-server'")
            }
        }
        if (mailUser == nil) != (mailPasswordFile == nil) {
            faults.append("'--mail-user' and '--mail-password-file' belong together")
        }
        if let mailServer { ways.mail = mail(mailServer, app, &faults) }
        if let pushKey { try openPush(pushKey, app, &ways, &faults) }
        guard faults.isEmpty else {
            Output.note(faults.map { "amphora-fleet: \($0)" }.joined(separator: "\n"))
            throw ExitCode(ExitStatus.configuration)
        }
        return ways
    }

    private func mail(_ server: String, _ app: String, _ faults: inout [String]) -> MailWay? {
        guard let mailFrom, MailAddress.isAddress(mailFrom) else {
            faults.append(
                "'--mail-from' is '\(mailFrom ?? "")', expected an address such as "
                    + "'fleet@example.org'")
            return nil
        }
        do {
            var configuration = try SMTPConfiguration(server, authorities: notifyCa)
            if let mailUser, let mailPasswordFile {
                let line = try WholeFile.read(mailPasswordFile).prefix { $0 != 0x0A && $0 != 0x0D }
                configuration.user = mailUser
                configuration.password = String(decoding: line, as: UTF8.self)
            }
            return MailWay(configuration, from: mailFrom, app: app)
        } catch {
            faults.append("\(error)")
            return nil
        }
    }

    private func openPush(
        _ path: String, _ app: String, _ ways: inout Ways, _ faults: inout [String]
    ) throws {
        guard !app.isEmpty || mailFrom != nil else {
            faults.append(
                "'--push-key' needs '--app-address' or '--mail-from': push services want to know "
                    + "whom to ask")
            return
        }
        let key = try readable { try PushKeyFile.open(path) }
        ways.push = PushWay(
            key, contact: app.isEmpty ? "mailto:\(mailFrom ?? "")" : app,
            authorities: notifyCa, allowsLoopback: pushToLoopback)
        ways.pushKey = key.publicText
    }

    private static func isAppAddress(_ text: String) -> Bool {
        let scheme = ["https://", "http://localhost", "http://127.0.0.1"]
        guard let found = scheme.first(where: { text.hasPrefix($0) }) else { return false }
        let rest = text.dropFirst(found.count)
        return (found != "https://" || !rest.isEmpty)
            && rest.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            && !rest.contains { "/?#@\"'<>\\".contains($0) }
    }
}

/// The file with the key for messages to browsers.
enum PushKeyFile {
    /// Why it cannot be used.
    struct Fault: Error, CustomStringConvertible { let description: String }

    /// Reads it, or makes it where there is none, readable for its owner alone.
    ///
    /// A new key ends all subscriptions, so one that cannot be read is never replaced.
    static func open(_ path: String) throws -> PushKey {
        var found = stat()
        if lstat(path, &found) != 0, errno == ENOENT {
            try DurableFile.write(Array(PushKey().pem.utf8), to: path, mode: 0o600)
        }
        // whichever of two that begin at once came last
        guard stat(path, &found) == 0 else {
            throw Fault(description: "cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        guard found.st_mode & 0o077 == 0 else {
            throw Fault(
                description: "'\(path)' can be read by others (mode "
                    + "\(String(found.st_mode & 0o777, radix: 8))), expected mode 600")
        }
        let text = String(decoding: try WholeFile.read(path), as: UTF8.self)
        guard let key = PushKey(pem: text) else {
            throw Fault(description: "'\(path)' holds no key of P-256 in PEM")
        }
        return key
    }
}
