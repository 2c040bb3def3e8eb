import Crypto
import FoundationEssentials
import TestKit
import X509

@testable import HTTPSClient

/// A private authority, its PEM file, and what it signs.
final class Authority: Sendable {
    /// PEM file of the authority's own certificate.
    let file: String
    let folder: TemporaryDirectory
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName

    init(_ common: String = "Amphora test authority") throws {
        folder = try TemporaryDirectory("https")
        file = folder.file("ca.pem")
        name = try DistinguishedName { CommonName(common) }
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        }
        let own = try make(subject: name, key.publicKey, days: -1...30, extensions)
        try write(own.serializeAsPEM().pemString, "ca.pem")
    }

    /// Writes NAME.pem and NAME.key, for both ends of a connection; `days` are counted from now.
    @discardableResult
    func sign(
        _ common: String, as file: String? = nil, days: ClosedRange<Double> = -1...30
    ) throws -> HTTPSConfiguration.Identity {
        let file = file ?? common
        let leaf = P256.Signing.PrivateKey()
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            SubjectAlternativeNames([.dnsName(common)])
            try ExtendedKeyUsage([.serverAuth, .clientAuth])
        }
        let subject = try DistinguishedName { CommonName(common) }
        let signed = try make(subject: subject, leaf.publicKey, days: days, extensions)
        try write(signed.serializeAsPEM().pemString, "\(file).pem")
        try write(leaf.pemRepresentation, "\(file).key")
        return HTTPSConfiguration.Identity(
            certificateFile: folder.file("\(file).pem"), keyFile: folder.file("\(file).key"))
    }

    private func make(
        subject: DistinguishedName, _ publicKey: P256.Signing.PublicKey,
        days: ClosedRange<Double>, _ extensions: Certificate.Extensions
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(publicKey),
            notValidBefore: Date.now.addingTimeInterval(days.lowerBound * 86_400),
            notValidAfter: Date.now.addingTimeInterval(days.upperBound * 86_400),
            issuer: name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: extensions, issuerPrivateKey: .init(key))
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: folder.file(name)), options: .atomic)
    }
}

/// The misbehaving server of `Fixtures/server.py`, in a process of its own.
final class Server: Sendable {
    let port: UInt16
    let authority: Authority
    private let process: ChildProcess

    /// Starts a server named localhost; `arguments` are those of the script.
    init(
        _ arguments: String..., authority: Authority? = nil,
        certificate: HTTPSConfiguration.Identity? = nil
    ) throws {
        let authority = try authority ?? Authority()
        self.authority = authority
        let shown = try certificate ?? authority.sign("localhost")
        let script = Repository.root + "/Tests/HTTPSClientTests/Fixtures/server.py"
        process = try ChildProcess(
            try Peers.python(importing: "ssl"),
            [script, "--certificate", shown.certificateFile, "--key", shown.keyFile] + arguments)
        let line = try process.waitForLine(containing: "listening ", within: 20_000)
        guard let number = line.split(separator: " ").last.flatMap({ UInt16($0) }) else {
            throw TestKitError.missing(part: "the port", remedy: "the server says '\(line)'")
        }
        port = number
    }

    func url(_ path: String, host: String = "localhost") -> String {
        "https://\(host):\(port)\(path)"
    }

    /// The lines it has printed that begin with a word.
    func events(_ word: String) -> [String] {
        process.output.split(separator: "\n").filter { $0.hasPrefix(word) }.map(String.init)
    }

    func wait(for text: String) throws {
        _ = try process.waitForLine(containing: text)
    }

    /// Limits that a test can wait for: half a second to connect, a second for a stall.
    var configuration: HTTPSConfiguration {
        var configuration = HTTPSConfiguration(authorities: .file(authority.file))
        configuration.connectMilliseconds = 5_000
        configuration.answerMilliseconds = 5_000
        configuration.stallSeconds = 1
        return configuration
    }
}

/// Sends a request on a session of its own, or on the one given.
func ask(
    _ url: String, _ configuration: HTTPSConfiguration, maximumBytes: Int = 4096
) throws(HTTPSFailure) -> HTTPSResponse {
    try HTTPSSession(configuration).ask(url, maximumBytes: maximumBytes)
}

/// The failure of a request that must not succeed; nil when it does.
func failure(
    _ url: String, _ configuration: HTTPSConfiguration, maximumBytes: Int = 4096
) -> HTTPSFailure? {
    do throws(HTTPSFailure) {
        _ = try ask(url, configuration, maximumBytes: maximumBytes)
        return nil
    } catch {
        return error
    }
}

extension HTTPSSession {
    func ask(_ url: String, maximumBytes: Int = 4096) throws(HTTPSFailure) -> HTTPSResponse {
        var request = HTTPSRequest(url: url)
        request.maximumBytes = maximumBytes
        return try send(request)
    }
}

extension HTTPSResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}
