import Foundation
import TestKit
import Testing

/// A certificate for `localhost` that vouches for itself, with its key, made by openssl.
struct LocalIdentity {
    let certificate: String, key: String

    init(_ folder: TemporaryDirectory) throws {
        certificate = folder.file("localhost.pem")
        key = folder.file("localhost.key")
        let run = try ChildProcess(
            Peers.tool("openssl"),
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost",
            ])
        #expect(try run.waitForExit(within: 20_000) == .exited(0), "\(run.output)")
    }
}

/// A mail server (aiosmtpd) that wants TLS and a password; mail is read by Python's own package.
final class PlayedMailServer {
    private static let script = """
        import asyncio, email, email.policy, json, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult
        mode, certificate, key = sys.argv[1:4]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith('nobody'): return '550 5.1.1 no such mailbox'
                if address.startswith('full'): return '452 4.2.2 mailbox full'
                envelope.rcpt_tos.append(address)
                return '250 OK'
            async def handle_DATA(self, server, session, envelope):
                message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                print(json.dumps({'from': envelope.mail_from, 'to': envelope.rcpt_tos,
                    'tls': session.ssl is not None or mode == 'tls',
                    'user': (session.auth_data or b'').decode(),
                    'defects': [str(d) for d in message.defects], 'names': message.keys(),
                    'date': message['date'].datetime.isoformat(),
                    'headers': {k.lower(): str(v) for k, v in message.items()},
                    'longest': max(len(l) for l in envelope.content.split(b'\\r\\n')),
                    'bare': envelope.content.replace(b'\\r\\n', b'').count(b'\\n'),
                    'body': message.get_content()}), flush=True)
                return '250 taken'
        def check(server, session, envelope, mechanism, data):
            good = data.login == b'amphora' and data.password == b'geheim'
            return AuthResult(success=good, handled=False, auth_data=data.login)
        options = {}
        if mode != 'plain': options |= {'authenticator': check, 'auth_required': True}
        if mode == 'starttls': options |= {'tls_context': context, 'require_starttls': True}
        if mode == 'tls': options |= {'auth_require_tls': False}
        async def serve():
            loop = asyncio.get_running_loop()
            server = await loop.create_server(lambda: SMTP(Handler(), **options), '127.0.0.1', 0,
                ssl=context if mode == 'tls' else None)
            print('listening', server.sockets[0].getsockname()[1], flush=True)
            await server.serve_forever()
        asyncio.run(serve())
        """

    private let process: ChildProcess
    let port: Int

    /// `mode` is `plain`, `starttls` or `tls`.
    init(_ mode: String, _ identity: LocalIdentity) throws {
        let python = try Peers.python(importing: "aiosmtpd")
        process = try ChildProcess(
            python, ["-c", Self.script, mode, identity.certificate, identity.key])
        let line = try process.waitForLine(containing: "listening", within: 20_000)
        port = Int(line.split(separator: " ").last ?? "") ?? 0
    }

    deinit { process.terminate() }

    /// What came, in the order it came.
    var messages: [[String: Any]] { get throws { try Played.objects(process.output) } }
}

/// A push service over TLS that plays the browser too: http-ece decrypts, py-vapid verifies.
final class PlayedPushService {
    private static let script = """
        import base64, http.server, json, os, ssl, sys
        import http_ece
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from py_vapid import Vapid02
        certificate, key, answers = sys.argv[1], sys.argv[2], [int(a) for a in sys.argv[3].split(',')]
        browser, secret = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        def text(b): return base64.urlsafe_b64encode(b).decode().rstrip('=')
        point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                plain = http_ece.decrypt(body, private_key=browser, auth_secret=secret)
                field = self.headers['authorization']
                verdict = Vapid02.verify(field)
                claims = field.split('t=')[1].split(',')[0].split('.')[1]
                claims += '=' * (-len(claims) % 4)
                print(json.dumps({'verdict': bool(verdict), 'length': len(body),
                    'claims': json.loads(base64.urlsafe_b64decode(claims)),
                    'k': field.split('k=')[1], 'payload': json.loads(plain), 'path': self.path,
                    'headers': {k.lower(): v for k, v in self.headers.items()}}), flush=True)
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(answer)
                if answer == 429: self.send_header('retry-after', '7200')
                self.send_header('content-length', '0')
                self.end_headers()
        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        print('listening', text(point), text(secret), server.server_address[1], flush=True)
        server.serve_forever()
        """

    private let process: ChildProcess
    let port: Int
    /// What the browser subscribes with.
    let key: String, secret: String

    /// Answers with these status codes in turn, the last one again and again.
    init(_ answers: [Int] = [201], _ identity: LocalIdentity) throws {
        let python = try Peers.python(importing: "http_ece", "py_vapid")
        let numbers = answers.map(String.init).joined(separator: ",")
        process = try ChildProcess(
            python, ["-c", Self.script, identity.certificate, identity.key, numbers])
        let words = try process.waitForLine(containing: "listening", within: 20_000)
            .split(separator: " ").map(String.init)
        (key, secret, port) = (words[1], words[2], Int(words[3]) ?? 0)
    }

    deinit { process.terminate() }

    /// What came, in the order it came.
    var messages: [[String: Any]] { get throws { try Played.objects(process.output) } }
}

private enum Played {
    static func objects(_ output: String) throws -> [[String: Any]] {
        try output.split(separator: "\n").filter { $0.hasPrefix("{") }.compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }
}
