import FoundationEssentials
import Glibc

/// A real mosquitto on a free port of the loopback interface, for one test.
///
/// Ends with the last reference. It may be stopped, killed and started again on the same port.
package final class Broker {
    /// Where it listens.
    package let port: UInt16
    /// Certificates it was given; nil when it speaks without TLS.
    package let certificates: TestCertificates?
    private let folder: TemporaryDirectory
    private var process: ChildProcess?

    /// Starts a broker without TLS; `settings` are lines for its configuration.
    package convenience init(_ settings: String...) throws(TestKitError) {
        try self.init(certificates: nil, settings: settings)
    }

    /// Starts a broker; with certificates it wants one from each client and takes its name from it.
    package init(
        certificates: TestCertificates?, settings: [String] = []
    ) throws(TestKitError) {
        self.certificates = certificates
        folder = try TemporaryDirectory("broker")
        port = try Peers.freePort()
        var lines = ["listener \(port) 127.0.0.1", "log_type all", "set_tcp_nodelay true"]
        lines += certificates?.brokerSettings ?? []
        func names(_ key: String) -> Bool { settings.contains { $0.hasPrefix(key) } }
        if !names("persistence") { lines.append("persistence false") }
        if certificates == nil, !names("allow_anonymous") { lines.append("allow_anonymous true") }
        lines.append("persistence_location \(folder.path)/")
        // as root it would change to a user that cannot read the folder
        if getuid() == 0 { lines.append("user root") }
        let text = (lines + settings).joined(separator: "\n") + "\n"
        do {
            try Data(text.utf8).write(to: URL(filePath: folder.file("mosquitto.conf")))
        } catch {
            throw .system("write '\(folder.file("mosquitto.conf"))'")
        }
        try start()
    }

    /// Starts it again after `stop` or `kill`, on the same port.
    package func start() throws(TestKitError) {
        let program = try Peers.tool("mosquitto")
        let started = try ChildProcess(program, ["-c", folder.file("mosquitto.conf")])
        _ = try started.waitForLine(containing: " running")
        process = started
    }

    /// Ends it in order.
    package func stop() {
        process?.terminate()
        process = nil
    }

    /// Ends it as a power cut would (`kill -9`).
    package func kill() {
        process?.signal(SIGKILL)
        _ = try? process?.waitForExit()
        process = nil
    }

    /// Stops it in its tracks without closing a connection; `resume` lets it go on.
    package func freeze() { process?.signal(SIGSTOP) }

    /// Lets it go on after `freeze`.
    package func resume() { process?.signal(SIGCONT) }

    /// Makes it read its files of rights again.
    package func reload() { process?.signal(SIGHUP) }

    /// What it has logged since it was started.
    package var log: String { process.map { $0.errors + $0.output } ?? "" }
}

/// Certificates made by openssl for one test: an authority, a broker named localhost, a client.
package final class TestCertificates: Sendable {
    /// PEM file of the authority.
    package let authority: String
    /// PEM file of the client's certificate.
    package let client: String
    /// PEM file of the client's key.
    package let clientKey: String
    /// PEM file of the certificate of the server, named as the broker is.
    package var server: String { folder.file("broker.pem") }
    /// PEM file of its key.
    package var serverKey: String { folder.file("broker.key") }
    private let folder: TemporaryDirectory

    /// Makes a new authority and what it signs; the client's common name is its MQTT user name.
    package init(client name: String, brokerName: String = "localhost") throws(TestKitError) {
        folder = try TemporaryDirectory("certificates")
        authority = folder.file("ca.pem")
        client = folder.file("client.pem")
        clientKey = folder.file("client.key")
        try Self.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=Amphora test authority", "-keyout", folder.file("ca.key"),
            "-out", authority,
        ])
        try sign("broker", subject: "/CN=\(brokerName)", names: "DNS:\(brokerName)")
        try sign("client", subject: "/CN=\(name)", names: "DNS:\(name)")
    }

    /// Makes another client's certificate and key, PEM files.
    package func make(
        client name: String
    ) throws(TestKitError) -> (certificate: String, key: String) {
        try sign(name, subject: "/CN=\(name)", names: "DNS:\(name)")
        return (folder.file("\(name).pem"), folder.file("\(name).key"))
    }

    /// Lines that make a broker use and demand them.
    var brokerSettings: [String] {
        [
            "cafile \(authority)", "certfile \(folder.file("broker.pem"))",
            "keyfile \(folder.file("broker.key"))", "require_certificate true",
            "use_identity_as_username true", "allow_anonymous false",
        ]
    }

    private func sign(_ file: String, subject: String, names: String) throws(TestKitError) {
        try Self.openssl([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
            subject, "-addext", "subjectAltName=\(names)", "-addext",
            "extendedKeyUsage=serverAuth,clientAuth", "-keyout", folder.file("\(file).key"),
            "-out", folder.file("\(file).csr"),
        ])
        try Self.openssl([
            "x509", "-req", "-in", folder.file("\(file).csr"), "-CA", authority, "-CAkey",
            folder.file("ca.key"), "-CAcreateserial", "-days", "2", "-copy_extensions", "copy",
            "-out", folder.file("\(file).pem"),
        ])
    }

    private static func openssl(_ arguments: [String]) throws(TestKitError) {
        let run = try ChildProcess(try Peers.tool("openssl"), arguments)
        let status = try run.waitForExit(within: 20_000)
        guard status == .exited(0) else {
            throw .ended(program: "openssl", status: status, output: run.errors)
        }
    }
}
