@testable import CertificateAuthority
import FoundationEssentials
import TestKit
import Testing

/// An authority in a folder of its own, and openssl to look at it.
final class AuthorityFixture {
    let folder: TemporaryDirectory
    let authority: AuthorityFolder
    let passphrase: Passphrase?
    let now: Int64

    init(
        passphrase text: String? = nil, madeAt now: Int64 = FileCertificateAuthority.now(),
        change: (inout AuthoritySetup) -> Void = { _ in }
    ) throws {
        folder = try TemporaryDirectory("authority")
        passphrase = text.flatMap { Passphrase(firstLineOf: Array($0.utf8)) }
        self.now = now
        let protection = passphrase.map { KeyProtection.passphrase($0) } ?? .fileMode
        let hosts = [try HostName("fleet.example"), try HostName("127.0.0.1"), try HostName("::1")]
        var setup = AuthoritySetup(
            hosts: hosts, brokerHosts: hosts, rootProtection: protection,
            issuingProtection: protection)
        change(&setup)
        authority = try AuthorityFolder.create(at: folder.file("ca"), setup, now: now)
    }

    func issuer() throws -> FileCertificateAuthority {
        try FileCertificateAuthority(authority, passphrase: passphrase)
    }

    /// Runs openssl; gives what it printed, or nil when it ended with an error.
    @discardableResult
    static func openssl(_ arguments: String...) throws -> String? {
        let run = try ChildProcess(try Peers.tool("openssl"), arguments)
        let status = try run.waitForExit(within: 20_000)
        return status == .exited(0) ? run.output + run.errors : nil
    }

    /// A request in DER, made by openssl.
    func request(
        _ subject: String, key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        extensions: [String] = []
    ) throws -> [UInt8] {
        let out = folder.file("request-\(UInt32.random(in: 0 ... .max)).der")
        let run = try ChildProcess(
            try Peers.tool("openssl"),
            ["req", "-new", "-newkey"] + key
                + ["-nodes", "-keyout", folder.file("request.key"), "-subj", subject]
                + extensions.flatMap { ["-addext", $0] } + ["-outform", "DER", "-out", out])
        #expect(try run.waitForExit(within: 20_000) == .exited(0), "\(run.errors)")
        return try DurableFile.read(out)
    }

    /// What openssl shows of a certificate in DER.
    func text(_ der: [UInt8]) throws -> String {
        let file = folder.file("shown.der")
        try DurableFile.write(der, to: file)
        return try Self.openssl("x509", "-inform", "DER", "-in", file, "-noout", "-text") ?? ""
    }
}
