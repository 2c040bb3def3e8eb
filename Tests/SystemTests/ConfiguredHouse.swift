import Foundation
import TestKit

/// A house with a fleet that gives it documents: HTTPS and MQTT with the gateway's own certificate.
final class ConfiguredHouse {
    /// Answers GET with the file named on its command line and the tag of its content.
    private static let script = """
        import hashlib, http.server, os, ssl, sys
        class Fleet(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def log_message(self, *words): pass
            def do_GET(self):
                names = [v for pair in self.connection.getpeercert()["subject"] for k, v in pair]
                print("asked", self.path, names[0], self.headers.get("If-None-Match", "-"), flush=True)
                body = open(sys.argv[1], "rb").read() if os.path.exists(sys.argv[1]) else b""
                tag = '"' + hashlib.sha256(body).hexdigest()[:8] + '"'
                known = tag in self.headers.get("If-None-Match", "")
                status = 404 if not body else 304 if known else 200
                self.send_response(status)
                if body: self.send_header("ETag", tag)
                if status == 200: self.send_header("Content-Length", str(len(body)))
                elif status == 404: self.send_header("Content-Length", "0")
                self.end_headers()
                if status == 200: self.wfile.write(body)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        context.load_verify_locations(sys.argv[4])
        context.verify_mode = ssl.CERT_REQUIRED
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fleet)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print("port", server.server_port, flush=True)
        server.serve_forever()
        """

    let house: House
    let deadPort: UInt16
    private let certificates: TestCertificates
    private let fleet: ChildProcess
    private var gateway: ChildProcess?

    init(
        confirmSeconds: Int, inverterQuirks: [String] = [], settings: String = ""
    ) throws {
        certificates = try TestCertificates(client: "house")
        let brokerPort = try Peers.freePort()
        deadPort = try Peers.freePort()
        let broker = try Broker(
            "max_queued_messages 0", "listener \(brokerPort) 127.0.0.1",
            "cafile \(certificates.authority)", "certfile \(certificates.server)",
            "keyfile \(certificates.serverKey)", "require_certificate true",
            "use_identity_as_username true")
        house = try House(packs: 2, broker: broker, inverterQuirks: inverterQuirks)
        let python = try Peers.python(importing: "ssl")
        fleet = try ChildProcess(
            python,
            [
                "-c", Self.script, house.folder.file("document.json"), certificates.server,
                certificates.serverKey, certificates.authority,
            ])
        let line = try fleet.waitForLine(containing: "port", within: 20_000)
        let port = line.split(separator: " ").last.map(String.init) ?? ""
        try makeIdentity()
        let path = house.folder.file("gateway.toml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text.replace("host = \"127.0.0.1\"", with: "host = \"localhost\"")
        text.replace("port = \(broker.port)\n", with: "port = \(brokerPort)\n")
        text += """

            [fleet]
            url = "https://localhost:\(port)"
            identity = "\(house.folder.file("identity"))"
            configuration = "\(house.folder.file("configuration"))"
            poll_s = 10
            confirm_s = \(confirmSeconds)
            \(settings)
            """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    deinit {
        _ = gateway?.terminate()
        _ = fleet.terminate()
    }

    private func makeIdentity() throws {
        let pair = house.folder.file("identity/current")
        try FileManager.default.createDirectory(
            atPath: pair, withIntermediateDirectories: true)
        for (from, to) in [
            (certificates.authority, "authorities.pem"), (certificates.client, "certificate.pem"),
            (certificates.clientKey, "key.pem"),
        ] {
            try FileManager.default.copyItem(atPath: from, toPath: "\(pair)/\(to)")
        }
    }

    /// The document that the fleet has from now on.
    func publish(_ version: Int, _ config: String) throws {
        let text =
            #"{"schema":1,"version":\#(version),"device":"house","issued":"2026-11-24T13:05:00Z","config":\#(config)}"#
        try text.write(
            toFile: house.folder.file("document.json"), atomically: true, encoding: .utf8)
    }

    /// Tells the gateway over MQTT that there is news.
    func announce() throws {
        let python = try Peers.python(importing: "paho.mqtt.client")
        let program = """
            import sys, paho.mqtt.publish as p
            p.single("amphora/v1/house/down/config", b"{}", qos=1, hostname="127.0.0.1", port=int(sys.argv[1]))
            """
        let run = try ChildProcess(python, ["-c", program, "\(house.broker.port)"])
        _ = try run.waitForExit(within: 20_000)
    }

    /// Starts the gateway, which kills itself at a step when one is named.
    @discardableResult
    func start(cut: String? = nil) throws -> ChildProcess {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["run", "--config", house.folder.file("gateway.toml")],
            environment: cut.map { ["AMPHORA_CUT": "\($0):1"] } ?? [:])
        gateway = process
        return process
    }

    func stop() -> ExitStatus? { gateway?.terminate(within: 15_000) }

    /// What the gateway has logged.
    var log: String { gateway?.errors ?? "" }

    /// Waits for words of the gateway's log.
    func waitForLog(_ words: String, seconds: Int64 = 40) throws {
        let found = Patience.wait(seconds * 1000) { () -> Bool? in
            self.gateway?.errors.contains(words) == true ? true : nil
        }
        guard found == nil else { return }
        throw HouseError("'\(words)' was not logged: \(gateway?.errors.suffix(1500) ?? "")")
    }

    /// A command of the gateway: what it printed and how it ended.
    func run(_ arguments: String...) throws -> (output: String, errors: String, ExitStatus) {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            arguments + ["--config", house.folder.file("gateway.toml")])
        let status = try process.waitForExit(within: 30_000)
        return (process.output, process.errors, status)
    }
}
