import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet alarms` as an operator types it, with the server that keeps alarms.
@Suite struct AlarmsCommandTests {
    private let folder: TemporaryDirectory
    private let store: any FleetStore

    init() throws {
        folder = try TemporaryDirectory("alarms")
        store = try FleetStores.open("sqlite:" + folder.file("fleet.db"))
        try store.migrate()
    }

    private var address: String { "sqlite:" + folder.file("fleet.db") }
    private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    private func alarms(_ words: String...) throws -> (code: Int32, output: String, errors: String)
    {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet", ["alarms"] + words + ["--store", address])
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    private func keep(
        _ gateway: String, _ sequence: Int64, secondsAgo: Int64, _ body: FleetRecord.Body
    ) throws {
        let made = Self.now() - secondsAgo * 1000
        let clock = RecordClock(
            wallMilliseconds: made, isTrusted: true, boot: "71734537-d6d9-472d-8519-7ef8cf99f170",
            monotonicMilliseconds: made - 1_700_000_000_000)
        var batch = IngestBatch()
        batch.records = [
            FleetRecord(
                key: RecordKey(gateway: gateway, epoch: 7, sequence: sequence), clock: clock,
                receivedMilliseconds: Self.now(), body: body)
        ]
        #expect(try store.store(batch).stored == 1)
    }

    private func event(_ change: String, _ code: String, pack: Int32) -> FleetRecord.Body {
        .event(
            EventSample(change: change, level: "warning", code: code, pack: pack, text: code))
    }

    @Test func `alarms are explained in the operator's language, counted and acknowledged`() throws
    {
        #expect(try alarms("list").errors.contains("no open alarms"))
        try keep("house-1", 1, secondsAgo: 900, event("raised", "pack_silent", pack: 7))
        try keep("house-1", 2, secondsAgo: 800, event("raised", "foreign_master", pack: 2))
        try keep("house-2", 1, secondsAgo: 700, event("raised", "pack_silent", pack: 3))
        try keep("house-1", 3, secondsAgo: 600, event("cleared", "foreign_master", pack: 2))
        let english = try alarms("list").output
        #expect(english.contains("house-1: Pack 7 is not answering (Warning, pack_silent) since 2"))
        #expect(english.contains("count on the other packs only"))
        #expect(english.contains("You can act: See whether the pack is switched on"))
        #expect(!english.contains("foreign_master"))
        let german = try alarms("list", "--language", "de", "--gateway", "house-2").output
        #expect(german.contains("house-2: Pack 3 antwortet nicht (Warnung, pack_silent) since"))
        #expect(!german.contains("house-1"))
        #expect(try alarms("list", "--all").output.contains("until"))
        #expect(try alarms("list", "--language", "tlh").code == 3)
        #expect(
            try alarms("causes").output.hasPrefix(
                "2 gateways, 2 alarms, 2 nobody looks after: pack_silent (Warning), "))
        let word = try alarms("acknowledge", "house-1", "pack_silent", "--author", "anna")
        #expect(word.output == "1 acknowledged by anna\n")
        #expect(
            try alarms("acknowledge", "house-1", "pack_silent").errors.contains(
                "anna knows of it already"))
        let missing = try alarms("acknowledge", "house-1", "bus_down", "--pack", "0")
        #expect(missing.code == 1)
        #expect(missing.errors == "'house-1' has no open alarm 'bus_down' of pack 0\n")
        let lines = try alarms("list", "--json", "--code", "pack_silent").output
            .split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        #expect(lines.map { $0?["gateway"] as? String } == ["house-2", "house-1"])
        #expect(lines.map { $0?["acknowledged_by"] as? String } == ["", "anna"])
        #expect(lines.allSatisfy { ($0?["ending"] as? String) == "open" })
    }

    @Test func `the server raises an alarm for a gateway of which nothing is heard, and clears it`()
        throws
    {
        var bank = BankSample()
        bank.mode = "running"
        try keep("house-1", 1, secondsAgo: 3600, .telemetry(bank, []))
        try keep("house-2", 1, secondsAgo: 5, .telemetry(bank, []))
        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", address, "--listen", "127.0.0.1:\(try Peers.freePort())",
                "--silent-min", "30",
            ])
        func wait(_ words: String) throws -> String {
            var seen = ""
            let found = Patience.wait(60_000) { () -> Bool? in
                seen = (try? alarms("list", "--all", "--json").output) ?? ""
                return seen.contains(words) ? true : nil
            }
            #expect(found == true, "\(words) is not in \(seen) \(server.errors)")
            return seen
        }
        let silent = try wait("gateway_silent")
        #expect(silent.contains("\"gateway\":\"house-1\"") && !silent.contains("house-2"))
        #expect(silent.contains("nothing measured since"))
        // what it kept from half an hour ago ends no silence, what it measures now does
        try keep("house-1", 2, secondsAgo: 3000, .telemetry(bank, []))
        try keep("house-1", 3, secondsAgo: 0, .telemetry(bank, []))
        #expect(try wait("\"ending\":\"cleared\"").contains("\"cleared\":\"20"))
        #expect(server.terminate() == .exited(0))
    }

    @Test func `a hook is told by the server over TLS, and what is wrong with it is said`() throws {
        let openssl = try ChildProcess(
            Peers.tool("openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", "/CN=desk", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", folder.file("desk.key"), "-out", folder.file("desk.pem"),
            ])
        #expect(try openssl.waitForExit(within: 20_000) == .exited(0), "\(openssl.errors)")
        let pair =
            try String(contentsOfFile: folder.file("desk.key"), encoding: .utf8)
            + String(contentsOfFile: folder.file("desk.pem"), encoding: .utf8)
        try pair.write(toFile: folder.file("pair.pem"), atomically: true, encoding: .utf8)
        let receiver = try ChildProcess(
            try Peers.python(importing: "standardwebhooks"),
            ["-c", Self.receiver, folder.file("pair.pem")])
        let port = try receiver.waitForLine(containing: "listening", within: 20_000).dropFirst(10)
        let url = "https://127.0.0.1:\(port)/in"

        func hooks(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
            let child = try ChildProcess(
                House.programs + "/amphora-fleet", ["hooks"] + words + ["--store", address])
            guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
                return (-1, child.output, child.errors)
            }
            return (code, child.output, child.errors)
        }
        #expect(try hooks("add", "far", "http://example.org/").errors.contains("http"))
        let ca = ["--ca", folder.file("desk.pem")]
        let added = try hooks("add", "desk", url, "--after-s", "0", ca[0], ca[1])
        #expect(added.code == 0, "\(added.errors)")
        #expect(added.output.hasPrefix("secret whsec_"))
        #expect(try hooks("add", "desk", url, ca[0], ca[1]).errors.contains("already"))
        let secret = folder.file("secret")
        try added.output.dropFirst(7).write(toFile: secret, atomically: true, encoding: .utf8)
        #expect(
            try hooks("add", "stranger", url, "--after-s", "0", "--secret-file", secret).code == 0)
        #expect(try hooks("test", "desk").output.contains("has taken it"))
        let stranger = try hooks("test", "stranger")
        #expect(stranger.code == 1 && stranger.errors.contains("certificate"), "\(stranger.errors)")
        #expect(
            try hooks("list").output.contains("desk: \(url), from warning on, after 0 s, in 'en'"))
        #expect(try !hooks("list").output.contains("whsec_"))

        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["serve", "--store", address, "--listen", "127.0.0.1:\(try Peers.freePort())"])
        _ = try server.waitForLine(containing: "serving", within: 20_000)
        try keep("house-1", 1, secondsAgo: 0, event("raised", "pack_silent", pack: 7))
        let line = try receiver.waitForLine(containing: "pack_silent", within: 30_000)
        #expect(line.contains("Pack 7 is not answering"), "\(line)")
        let said = Patience.wait(20_000) { () -> Bool? in
            server.errors.contains("hooks are not told") ? true : nil
        }
        #expect(said == true, "\(server.errors)")
        #expect(try hooks("remove", "stranger").code == 0)
        #expect(try hooks("remove", "stranger").errors == "there is no hook 'stranger'\n")
        #expect(server.terminate() == .exited(0))
        receiver.terminate()
    }

    private static let receiver = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def do_POST(self):
                print(self.rfile.read(int(self.headers['content-length'])).decode(), flush=True)
                self.send_response(204)
                self.end_headers()
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1])
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print('listening', server.server_address[1], flush=True)
        server.serve_forever()
        """
}
