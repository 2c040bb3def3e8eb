import FleetStore
import Foundation
import TestKit
import Testing

/// A fleet with alarms that stand, users and hooks who are to be told of them, and slow receivers of all three ways.
final class ToldRig {
    /// Users, each with an address of mail and a browser; hooks.
    static let users = 16, hooks = 10
    static let gateways = ["house-1", "house-2", "house-3"]

    let address: String
    private let folder: TemporaryDirectory
    private let receivers: ChildProcess
    private let certificate: String
    private let ports: [String: String]
    private let silent: Int

    /// `seed` is that of the receivers' pauses; of so many users and hooks, the first ones, the receiver takes a
    /// connection and never says a word.
    init(_ address: String?, seed: UInt64, silent: Int = 0) throws {
        self.silent = silent
        folder = try TemporaryDirectory("told")
        self.address = address ?? "sqlite:" + folder.file("fleet.db")
        certificate = folder.file("localhost.pem")
        let key = folder.file("localhost.key")
        let made = try ChildProcess(
            Peers.tool("openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost",
            ])
        #expect(try made.waitForExit(within: 20_000) == .exited(0))
        let python = try Peers.python(importing: "aiosmtpd", "http_ece")
        receivers = try ChildProcess(
            python, ["-c", Self.script, certificate, key, "\(seed)"])
        let words = try receivers.waitForLine(containing: "listening", within: 20_000)
            .split(separator: " ").map(String.init)
        ports = ["mail": words[1], "push": words[2], "hook": words[3], "hole": words[4]]
        try fill(key: words[5], secret: words[6])
    }

    deinit { receivers.terminate() }

    /// Starts the program that delivers.
    func start() throws -> ChildProcess {
        let run = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", address, "--listen", "127.0.0.1:\(try Peers.freePort())",
                "--mail-server", "smtp+plain://127.0.0.1:\(ports["mail"] ?? "")", "--mail-from",
                "fleet@example.org", "--push-key", folder.file("push.pem"), "--push-to-loopback",
                "--notify-ca", certificate,
            ])
        _ = try run.waitForLine(containing: "serving", within: 60_000)
        return run
    }

    /// Lets the time pass for which others leave alone what one has taken: two minutes.
    func passLeases() throws {
        try sql("UPDATE delivery SET next_ms = next_ms - 120001 WHERE state = 'waiting'")
        try sql("UPDATE notification SET next_ms = next_ms - 120001 WHERE state = 'raising'")
    }

    /// How much nobody has been told yet, as the store knows it.
    func left() throws -> Int {
        let waiting = """
            SELECT (SELECT count(*) FROM delivery WHERE state <> 'sent')
            + (SELECT count(*) FROM notification WHERE state <> 'raised')
            """
        let told = """
            SELECT (SELECT count(*) FROM delivery WHERE state = 'sent')
            + (SELECT count(*) FROM notification WHERE state = 'raised')
            """
        guard try Int(sql(waiting)) == 0 else { return 1 }
        let all = (2 * Self.users + Self.hooks) * Self.gateways.count
        return all - (Int(try sql(told)) ?? 0)
    }

    /// What the receivers of one way took: the number of each message, by who got it.
    func taken(_ way: String) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for line in receivers.output.split(separator: "\n") where line.hasPrefix("{") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            guard let object, object["way"] as? String == way,
                let to = object["to"] as? String, let id = object["id"] as? String,
                let text = object["text"] as? String
            else { continue }
            // whole, or it does not count; a browser is told how many there are
            let isWhole = way == "push" || Self.gateways.allSatisfy(text.contains)
            #expect(isWhole, "\(way) \(to): \(text)")
            found[to, default: []].append(id)
        }
        return found
    }

    /// What the receivers complained of.
    var complaints: String { receivers.errors }

    private func port(_ way: String, _ number: Int) -> String {
        ports[number < silent ? "hole" : way] ?? ""
    }

    /// How often it was tried in vain to tell the silent ones of a fault: the least and the most.
    func tries(_ way: String, of code: String = "fire_gas") throws -> (least: Int, most: Int) {
        let names = (0..<silent).map { "'\(way == "push" ? "browser" : way)-\($0)'" }
            .joined(separator: ", ")
        let rows =
            way == "push"
            ? "FROM delivery WHERE channel IN (\(names))"
            : "FROM notification WHERE hook IN (\(names))"
        func number(_ what: String) throws -> Int {
            Int(try sql("SELECT \(what)(tries) \(rows) AND code = '\(code)'")) ?? -1
        }
        return (try number("min"), try number("max"))
    }

    /// One more fault in each house.
    func raise(_ code: String) throws {
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        try raise(code, 2, at: now, received: now)
    }

    @discardableResult
    private func sql(_ statement: String) throws -> String {
        if address.hasPrefix("postgres") {
            return try PostgresServer.shared().run(statement, in: address)
        }
        let shell = try ChildProcess(
            Peers.tool("python3"),
            [
                "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1], timeout=30) as connection:
                    for row in connection.execute(sys.argv[2]): print(*row)
                """, String(address.dropFirst("sqlite:".count)), statement,
            ])
        #expect(try shell.waitForExit() == .exited(0), "\(shell.errors)")
        return shell.output.split(separator: "\n").joined()
    }

    private func fill(key: String, secret: String) throws {
        let store = try FleetStores.openViews(address)
        try store.migrate()
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let author = Author("root", at: now - 60_000)
        #expect(
            try store.addTenant(Tenant(id: "north", createdMilliseconds: now), by: author))
        for gateway in Self.gateways {
            #expect(try store.assign(gateway: gateway, to: "north", by: author))
        }
        for number in 0..<Self.users {
            let user = User(
                name: "user-\(number)", tenant: "north", role: .operator,
                createdMilliseconds: now)
            #expect(try store.addUser(user, by: author) == .added)
            let wishes = RecipientPreferences(
                language: "en", mail: "user-\(number)@example.org", level: "warning")
            #expect(try store.setPreferences(wishes, of: user.name, by: author))
            let browser = PushSubscription(
                id: "browser-\(number)", owner: user.name,
                endpoint: "https://localhost:\(port("push", number))/browser-\(number)", key: key,
                secret: secret, madeMilliseconds: now - 60_000)
            #expect(try store.addPushSubscription(browser, by: author) == browser.id)
        }
        let hooks = try FleetStores.openNotifications(address)
        for number in 0..<Self.hooks {
            let hook = Hook(
                name: "hook-\(number)",
                url: "http://127.0.0.1:\(port("hook", number))/hook-\(number)",
                secret: "whsec_" + Data(repeating: 7, count: 24).base64EncodedString(),
                authorities: certificate, language: "en", level: "warning", after: 0,
                made: now - 60_000)
            #expect(try hooks.add(hook))
        }
        try raise("fire_gas", 1, at: now - 30_000, received: now)
        while try store.keepAlarms(limit: 100) > 0 {}
    }

    private func raise(
        _ code: String, _ sequence: Int64, at moment: Int64, received: Int64
    ) throws {
        var batch = IngestBatch()
        batch.records = Self.gateways.map { gateway in
            FleetRecord(
                key: RecordKey(gateway: gateway, epoch: 7, sequence: sequence),
                clock: RecordClock(
                    wallMilliseconds: moment, isTrusted: true,
                    boot: "71734537-d6d9-472d-8519-7ef8cf99f170", monotonicMilliseconds: 1_000),
                receivedMilliseconds: received,
                body: .event(
                    EventSample(
                        change: "raised", level: "fault", code: code, pack: 1,
                        text: "gas")))
        }
        #expect(try FleetStores.open(address).store(batch).stored == Self.gateways.count)
    }

    /// A mail server, a push service over TLS that decrypts, and hooks.
    ///
    /// Each takes its time before a message is taken, and again before it says so.
    private static let script = """
        import asyncio, base64, email, email.policy, http.server, json, os, random, socket, ssl, sys, threading, time
        import http_ece
        from aiosmtpd.smtp import SMTP
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        certificate, key, seed = sys.argv[1:4]
        pauses, lock = random.Random(int(seed)), threading.Lock()
        browser, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        def text(b): return base64.urlsafe_b64encode(b).decode().rstrip('=')
        def pause():
            with lock: return pauses.uniform(0.02, 0.2)
        def take(way, to, id, words):
            with lock: print(json.dumps({'way': way, 'to': to, 'id': id, 'text': words}), flush=True)
        class Mail:
            async def handle_DATA(self, server, session, envelope):
                message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                await asyncio.sleep(pause())
                take('mail', envelope.rcpt_tos[0], message['message-id'], message.get_content())
                await asyncio.sleep(pause())
                return '250 taken'
        class HTTP(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                time.sleep(pause())
                if self.headers['content-encoding'] == 'aes128gcm':
                    words = http_ece.decrypt(body, private_key=browser, auth_secret=secret).decode()
                    take('push', self.path[1:], json.loads(words)['tag'], words)
                else:
                    take('hook', self.path[1:], self.headers['webhook-id'], body.decode())
                time.sleep(pause())
                try:
                    self.send_response(201)
                    self.send_header('content-length', '0')
                    self.end_headers()
                except OSError: pass
        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address):
                if not isinstance(sys.exception(), OSError): super().handle_error(request, address)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        push, hook = Quiet(('127.0.0.1', 0), HTTP), Quiet(('127.0.0.1', 0), HTTP)
        push.socket = context.wrap_socket(push.socket, server_side=True, do_handshake_on_connect=False)
        for server in (push, hook): threading.Thread(target=server.serve_forever, daemon=True).start()
        hole = socket.create_server(('127.0.0.1', 0), backlog=128)
        point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        async def serve():
            loop = asyncio.get_running_loop()
            mail = await loop.create_server(lambda: SMTP(Mail()), '127.0.0.1', 0)
            print('listening', mail.sockets[0].getsockname()[1], push.server_address[1],
                hook.server_address[1], hole.getsockname()[1], text(point), text(secret), flush=True)
            await mail.serve_forever()
        asyncio.run(serve())
        """
}
