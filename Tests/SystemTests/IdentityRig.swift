import CertificateAuthority
import Foundation
import TestKit

/// A fleet's authority and a mosquitto set up by `amphora-fleet broker config`, with clients of paho.
final class IdentityRig {
    static let second: Int64 = 86_400

    let folder: TemporaryDirectory
    let authority: AuthorityFolder
    let port: UInt16
    let now = FileCertificateAuthority.now()
    private var broker: ChildProcess?
    private var reloads = 0

    /// The authority is 300 days old, so that it can have issued what has ended since.
    init(deviceLife: Lifetime = .days(90)) throws {
        folder = try TemporaryDirectory("identity")
        port = try Peers.freePort()
        let hosts = [try HostName("127.0.0.1"), try HostName("localhost")]
        var setup = AuthoritySetup(
            hosts: hosts, brokerHosts: hosts, rootProtection: .fileMode,
            issuingProtection: .fileMode)
        setup.deviceLife = deviceLife
        authority = try AuthorityFolder.create(
            at: folder.file("ca"), setup, now: now - 300 * Self.second)
        _ = try authority.refreshList(life: nil, passphrase: nil, now: now)
    }

    deinit { broker?.terminate() }

    /// Runs the fleet's program to its end; gives what it printed.
    @discardableResult
    func fleet(_ arguments: String...) throws -> String { try fleet(arguments) }

    @discardableResult
    func fleet(_ arguments: [String]) throws -> String {
        let run = try ChildProcess(House.programs + "/amphora-fleet", arguments)
        let status = try run.waitForExit(within: 30_000)
        guard status == .exited(0) else {
            throw TestKitError.ended(
                program: arguments.joined(separator: " "), status: status, output: run.errors)
        }
        return run.output
    }

    /// Writes the broker's files and starts it, or makes it read them again.
    func configureBroker(_ options: String...) throws {
        let arguments =
            [
                "broker", "config", "--ca", authority.path, "--out", folder.file("broker"),
                "--port", "\(port)", "--listen", "127.0.0.1",
            ] + (getuid() == 0 ? ["--owner", "root"] : []) + options
        let run = try ChildProcess(House.programs + "/amphora-fleet", arguments)
        guard try run.waitForExit(within: 30_000) == .exited(0) else {
            throw TestKitError.missing(part: "the broker's configuration", remedy: run.errors)
        }
        if let broker {
            reloads += 1
            broker.signal(SIGHUP)
            let isDone = Patience.wait(10_000) { () -> Bool? in
                let lines = broker.errors.split(separator: "\n")
                return lines.count { $0.contains("Reloading config") } >= self.reloads ? true : nil
            }
            guard isDone != nil else {
                throw TestKitError.late(
                    awaited: "the broker's reload", milliseconds: 10_000, seen: log)
            }
        } else {
            let started = try ChildProcess(
                try Peers.tool("mosquitto"), ["-v", "-c", folder.file("broker/mosquitto.conf")])
            _ = try started.waitForLine(containing: " running")
            broker = started
        }
    }

    var log: String { broker?.errors ?? "" }

    /// Key and certificate of a holder.
    struct Pair {
        let certificate: String
        let key: String
    }

    /// What the authority, or another one, issues to a gateway, some days ago.
    func enrol(
        _ gateway: String, daysAgo: Int64 = 0, by other: AuthorityFolder? = nil
    ) throws -> Pair {
        let authority = other ?? authority
        let name = other == nil ? gateway : "\(gateway)-other"
        let key = try request(subject: "/CN=\(gateway)", name: name, der: true)
        let moment = now - daysAgo * Self.second
        let issuer = try FileCertificateAuthority(authority, passphrase: nil) { moment }
        let request = try DurableFile.read(folder.file("\(name).csr"))
        let der = try issuer.issue(request: request, gateway: gateway)
        try DurableFile.write(der, to: folder.file("\(name).der"))
        let leaf = folder.file("\(name).leaf")
        try openssl("x509", "-inform", "DER", "-in", folder.file("\(name).der"), "-out", leaf)
        let chain = try DurableFile.read(leaf) + DurableFile.read(authority.file("issuing.pem"))
        try DurableFile.write(chain, to: folder.file("\(name).pem"))
        return Pair(certificate: folder.file("\(name).pem"), key: key)
    }

    /// The authority of somebody who makes gateways; its certificates live for 90 days.
    func maker() throws -> AuthorityFolder {
        let hosts = [try HostName("localhost")]
        return try AuthorityFolder.create(
            at: folder.file("maker"),
            AuthoritySetup(
                hosts: hosts, brokerHosts: hosts, rootProtection: .fileMode,
                issuingProtection: .fileMode), now: now - 300 * Self.second)
    }

    /// What the authority would never sign, signed with its key by openssl all the same.
    func forge(_ subject: String, signer: (certificate: String, key: String)? = nil) throws -> Pair
    {
        let name = "forged-\(UInt32.random(in: 0 ... .max))"
        let key = try request(subject: subject, name: name, der: false)
        let (ca, caKey) = signer ?? (authority.file("issuing.pem"), authority.file("issuing.key"))
        try openssl(
            "x509", "-req", "-in", folder.file("\(name).csr"), "-CA", ca, "-CAkey", caKey,
            "-set_serial", "77", "-days", "2", "-out", folder.file("\(name).pem"))
        return Pair(certificate: folder.file("\(name).pem"), key: key)
    }

    /// Another authority with the same names.
    func stranger() throws -> (certificate: String, key: String) {
        let pair = (folder.file("stranger.pem"), folder.file("stranger.key"))
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=Amphora issuing CA", "-keyout", pair.1, "-out", pair.0)
        return pair
    }

    private func request(subject: String, name: String, der: Bool) throws -> String {
        let key = folder.file("\(name).key")
        try openssl(
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", subject, "-keyout", key, "-out", folder.file("\(name).csr"), "-outform",
            der ? "DER" : "PEM")
        return key
    }

    private func openssl(_ arguments: String...) throws {
        let run = try ChildProcess(try Peers.tool("openssl"), arguments)
        let status = try run.waitForExit(within: 20_000)
        guard status == .exited(0) else {
            throw TestKitError.ended(program: "openssl", status: status, output: run.errors)
        }
    }

    /// An independent client; `pair` nil shows no certificate.
    func client(
        _ pair: Pair?, id: String = "any", username: String = "-", version: Int = 5
    ) throws -> IdentityClient {
        try IdentityClient([
            "\(port)", authority.file("authorities.pem"), pair?.certificate ?? "-",
            pair?.key ?? "-", id, username, "\(version)",
        ])
    }
}

/// A client of paho that tells what the broker says, a line each.
final class IdentityClient {
    private static let script = """
        import sys, paho.mqtt.client as mqtt
        port, ca, cert, key, ident, user, version = sys.argv[1:8]
        c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=ident,
                        protocol=mqtt.MQTTv5 if version == '5' else mqtt.MQTTv311,
                        reconnect_on_failure=False)
        say = lambda *words: print(*words, flush=True)
        c.tls_set(ca, **({} if cert == '-' else {'certfile': cert, 'keyfile': key}))
        if user != '-': c.username_pw_set(user)
        c.on_connect = lambda c, u, f, code, p: say('connect:', code)
        c.on_disconnect = lambda c, u, f, code, p: say('ended:', code)
        c.on_publish = lambda c, u, mid, code, p: say(f'published {mid}:', code)
        c.on_subscribe = lambda c, u, mid, codes, p: say('subscribed:', *codes)
        c.on_message = lambda c, u, m: say('message:', m.topic, m.payload.decode())
        try:
            c.connect('127.0.0.1', int(port))
        except Exception as error:
            say('ended:', type(error).__name__, error)
            sys.exit(0)
        c.loop_start()
        for line in sys.stdin:
            words = line.rstrip('\\n').split(' ', 2)
            if words[0] == 'subscribe': c.subscribe(words[1], qos=1)
            else: c.publish(words[1], words[2], qos=1)
        """

    private let process: ChildProcess
    private var count = 0

    init(_ arguments: [String]) throws {
        process = try ChildProcess(
            try Peers.python(importing: "paho.mqtt.client"), ["-c", Self.script] + arguments)
    }

    /// Whether the broker welcomed it, once that is certain; `ended` may come after a TLS 1.3 handshake.
    func isWelcome() throws -> Bool {
        let seen = Patience.wait(20_000) { () -> Bool? in
            // whole lines only: the last one may still be on its way
            let lines = self.process.output.split(
                separator: "\n", omittingEmptySubsequences: false
            ).dropLast()
            if lines.contains("connect: Success") { return true }
            return lines.contains { $0.hasPrefix("ended:") || $0.hasPrefix("connect:") }
                ? false : nil
        }
        guard let seen else {
            throw TestKitError.late(
                awaited: "the broker's answer", milliseconds: 20_000, seen: process.errors)
        }
        return seen
    }

    var isConnected: Bool { !process.output.contains("ended:") }
    var output: String { process.output + process.errors }

    /// Publishes and gives the broker's answer.
    func publish(_ topic: String, _ payload: String) throws -> String {
        count += 1
        process.send(line: "publish \(topic) \(payload)")
        let line = try process.waitForLine(containing: "published \(count):")
        return String(line.dropFirst("published \(count): ".count))
    }

    /// Subscribes and gives the broker's answer; once a client, as answers are not told apart.
    func subscribe(_ topic: String) throws -> String {
        count += 1
        process.send(line: "subscribe \(topic)")
        return try process.waitForLine(containing: "subscribed:")
    }

    func waitForMessage(_ text: String) throws {
        _ = try process.waitForLine(containing: "message: \(text)")
    }

    func hasMessage(_ text: String) -> Bool { process.output.contains("message: \(text)") }
}
