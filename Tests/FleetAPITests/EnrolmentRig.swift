import Crypto
import EST
import FleetConfiguration
import Foundation
import Logging
import SwiftASN1
import Synchronization
import TestKit
import X509

@testable import FleetAPI
@testable import FleetStore

/// An EST server with a store and an authority of its own, and clients that are not ours.
final class EnrolmentRig: Sendable {
    let folder: TemporaryDirectory
    let issuer: TestIssuer
    let maker: TestIssuer
    let server: GatewayServer
    let revoked = Revoked()
    let clock = Clock()
    /// What the server shows.
    let shown: Shown
    private let address: String

    /// The pair of the server, which may change while it serves.
    final class Shown: Sendable {
        let pair: Mutex<ServerPair>
        init(_ pair: ServerPair) { self.pair = Mutex(pair) }
    }

    final class Revoked: Sendable { let serials = Mutex<Set<String>>([]) }

    /// The clock of the server.
    final class Clock: Sendable {
        let aheadSeconds = Mutex(0.0)

        var milliseconds: Int64 {
            Int64((Date().timeIntervalSince1970 + aheadSeconds.withLock { $0 }) * 1000)
        }
    }

    /// What a client saw.
    struct Seen {
        let status: ExitStatus
        let output: String
        let errors: String
    }

    init(_ limits: PatienceLimits = PatienceLimits()) async throws {
        folder = try TemporaryDirectory("est")
        issuer = try TestIssuer("test root")
        maker = try TestIssuer("acme factory")
        let address = "sqlite:" + folder.file("fleet.db")
        self.address = address
        try FleetStores.open(address).migrate()
        shown = Shown(try Self.serverPair(of: issuer))
        try Data(issuer.root.pem.utf8).write(to: URL(filePath: folder.file("root.pem")))
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (issuer, revoked, clock, shown) = (issuer, revoked, clock, shown)
        let published = folder.file("published")
        server = try await Self.aside {
            let desk = EnrolmentDesk(
                store: try FleetStores.openDevices(address), issuer: issuer, log: log,
                clock: { clock.milliseconds },
                isRevoked: { serial in revoked.serials.withLock { $0.contains(serial) } })
            return try GatewayServer(
                host: "127.0.0.1", port: 0, desk: desk,
                configuration: ConfigurationDesk(
                    store: try FleetStores.openConfiguration(address), log: log,
                    clock: { Int64(Date().timeIntervalSince1970 * 1000) }),
                profiles: PublishedFiles(published), limits: limits, log: log
            ) { shown.pair.withLock { $0 } }
        }
    }

    deinit {
        let server = server
        Background.run { server.stop() }
    }

    /// A new key of the server with a certificate.
    static func serverPair(of issuer: TestIssuer) throws -> ServerPair {
        let key = P256.Signing.PrivateKey()
        let own = try issuer.leaf("fleet", .init(key.publicKey), isServer: true)
        return ServerPair(
            certificates: Array((try own.pem + issuer.root.pem).utf8),
            key: Array(key.pemRepresentation.utf8))
    }

    var url: String { "https://127.0.0.1:\(server.port)" }

    /// Runs what blocks on a thread of its own.
    static func aside<Value: Sendable>(
        _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Background.run { continuation.resume(with: Result { try body() }) }
        }
    }

    // MARK: what the store holds

    func store() throws -> any DeviceStore { try FleetStores.openDevices(address) }

    /// Sets a key for all gateways.
    func set(_ text: String, in scope: ConfigurationScope = .fleet) throws {
        let service = ConfigurationService(
            store: try FleetStores.openConfiguration(address), check: { _, _ in [] })
        _ = try service.set(try SettingText.parse(text), in: scope, by: "test", at: 1)
    }

    /// Adds a device and gives its token.
    func add(
        _ id: String, needsApproval: Bool = false, lasting: Double = 3600
    ) throws -> String {
        let token = EnrolmentToken.make()
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let device = Device(id: id, needsApproval: needsApproval, createdMilliseconds: now)
        let kept = DeviceToken(
            hash: EnrolmentToken.hash(token), device: id, createdMilliseconds: now,
            expiresMilliseconds: now + Int64(lasting * 1000))
        _ = try store().addDevices([(device, kept)])
        return token
    }

    func registerMaker() throws {
        _ = try store().addMaker(
            MakerAuthority(
                name: "acme", certificate: try maker.root.pem, addedMilliseconds: 0))
    }

    // MARK: files

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: folder.file(name)))
        return folder.file(name)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder.file(name))))
    }

    /// Makes a request in DER and leaves it in base64 as `NAME.b64`.
    @discardableResult
    func request(
        _ name: String, of gateway: String,
        key: P256.Signing.PrivateKey = P256.Signing.PrivateKey()
    ) throws -> [UInt8] {
        let request = try CertificateSigningRequest(
            version: .v1, subject: try DistinguishedName { CommonName(gateway) },
            privateKey: .init(key), attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256)
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        try write("\(name).b64", Base64Text.encode(serializer.serializedBytes))
        return serializer.serializedBytes
    }

    /// Leaves a certificate and its key as `NAME.pem` and `NAME.key`.
    @discardableResult
    func identity(
        _ name: String, of gateway: String, by issuer: TestIssuer, from: Double = -3600,
        to: Double = 86_400, isServer: Bool = false
    ) throws -> Certificate {
        let key = P256.Signing.PrivateKey()
        let certificate = try issuer.leaf(
            gateway, .init(key.publicKey), from: from, to: to, isServer: isServer)
        try write("\(name).pem", Array(certificate.pem.utf8))
        try write("\(name).key", Array(key.pemRepresentation.utf8))
        return certificate
    }

    // MARK: clients

    /// Runs strongSwan's `pki` in the folder.
    func pki(_ words: String...) async throws -> Seen { try await run("pki", words) }

    /// Runs a program in the folder.
    func run(_ name: String, _ words: [String]) async throws -> Seen {
        let program = try Peers.tool(name, package: name == "pki" ? "strongswan-pki" : nil)
        let path = folder.path
        return try await Self.aside {
            let child = try ChildProcess(program, words, directory: path)
            let status = try child.waitForExit(within: 600_000)
            return Seen(status: status, output: child.output, errors: child.errors)
        }
    }

    /// Runs curl, which prints head and body.
    func curl(_ operation: ESTOperation, _ words: String...) async throws -> String {
        let seen = try await run(
            "curl",
            ["-s", "-i", "-m", "600", "--cacert", folder.file("root.pem")] + words
                + [url + operation.path])
        return seen.status == .exited(0) ? seen.output : "\(seen.status) \(seen.errors)"
    }

    /// Fetches a configuration with curl, which prints head and body.
    func configuration(identity: String? = nil, _ more: String...) async throws -> String {
        var words = ["-s", "-i", "-m", "600", "--cacert", folder.file("root.pem")] + more
        if let identity {
            words += [
                "--cert", folder.file("\(identity).pem"), "--key", folder.file("\(identity).key"),
            ]
        }
        let seen = try await run("curl", words + ["\(url)/v1/gateway/config"])
        return seen.status == .exited(0) ? seen.output : "\(seen.status) \(seen.errors)"
    }

    /// Posts a request that lies in the folder as `NAME.b64`.
    func post(
        _ name: String, user: String? = nil, token: String = "", identity: String? = nil,
        to operation: ESTOperation = .enrol, type: String = "application/pkcs10"
    ) async throws -> String {
        var words = [
            "-s", "-i", "-m", "600", "--cacert", folder.file("root.pem"), "-H",
            "Content-Type: \(type)", "--data-binary", "@\(folder.file("\(name).b64"))",
        ]
        if let user { words += ["-u", "\(user):\(token)"] }
        if let identity {
            words += [
                "--cert", folder.file("\(identity).pem"), "--key", folder.file("\(identity).key"),
            ]
        }
        let seen = try await run("curl", words + [url + operation.path])
        return seen.status == .exited(0) ? seen.output : "\(seen.status) \(seen.errors)"
    }
}

extension String {
    /// The number in the status line.
    var code: String { String(split(separator: " ").dropFirst().first ?? "") }

    /// What comes after the head.
    var body: String { String(components(separatedBy: "\r\n\r\n").last ?? "") }

    /// The certificate that an answer holds.
    var certificate: Certificate {
        get throws {
            let bag = try CertificateBag.decode(try Base64Text.decode(Array(body.utf8)))
            guard let only = bag.first, bag.count == 1 else {
                throw ESTError.certificates("expected one, found \(bag.count)")
            }
            return try Certificate(derEncoded: only)
        }
    }
}
