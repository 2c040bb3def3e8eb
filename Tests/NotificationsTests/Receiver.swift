import TestKit

/// A web server that takes webhooks and has them checked by Standard Webhooks' own library.
final class Receiver {
    private static let script = """
        import http.server, json, ssl, sys
        from standardwebhooks.webhooks import Webhook, WebhookVerificationError
        hook, answers = Webhook(sys.argv[1]), [int(a) for a in sys.argv[2].split(',')]
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers['content-length']))
                try:
                    hook.verify(body, {k.lower(): v for k, v in self.headers.items()})
                    verdict = 'good'
                except WebhookVerificationError as error:
                    verdict = f'bad {error}'
                print(json.dumps({'verdict': verdict, 'id': self.headers['webhook-id'],
                    'type': self.headers['content-type'], 'body': body.decode()}), flush=True)
                self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
                self.send_header('content-length', '0')
                self.end_headers()
        server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
        if len(sys.argv) > 3:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[3])
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print('listening', server.server_address[1], flush=True)
        server.serve_forever()
        """

    private let process: ChildProcess
    let port: Int

    /// Answers with these status codes in turn, the last one again and again; `pair` is a PEM file for TLS.
    init(secret: String, answers: [Int] = [204], pair: String? = nil) throws {
        let python = try Peers.python(importing: "standardwebhooks")
        let numbers = answers.map(String.init).joined(separator: ",")
        process = try ChildProcess(
            python, ["-c", Self.script, secret, numbers] + (pair.map { [$0] } ?? []))
        let line = try process.waitForLine(containing: "listening", within: 20_000)
        port = Int(line.split(separator: " ").last ?? "") ?? 0
    }

    deinit { process.terminate() }

    /// What came, one line of JSON a message.
    var messages: [String] { process.output.split(separator: "\n").dropFirst().map(String.init) }
}
