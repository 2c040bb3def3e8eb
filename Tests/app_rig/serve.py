#!/usr/bin/env python3
"""Serves the web app from the tree, so that a change shows on reload, and hands /v1 on to a running fleet.

serve.py PORT FLEET, such as serve.py 8090 127.0.0.1:8081; then open http://127.0.0.1:8090/. For work on the app only.
"""
import http.client
import http.server
import pathlib
import sys

app = pathlib.Path(__file__).resolve().parents[2] / "Sources/FleetWeb/App"
port, fleet = int(sys.argv[1]), sys.argv[2]
version = "tree"
roots = ["index.html", "sw.js", "manifest.webmanifest"]
types = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8",
         "svg": "image/svg+xml", "png": "image/png", "webmanifest": "application/manifest+json"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/v1/") or path == "/openapi.json":
            return self.hand_on()
        file = (app / path.removeprefix(f"/assets/{version}/").lstrip("/")).resolve()
        if not path.startswith("/assets/") and path.lstrip("/") not in roots:
            file = app / "index.html"
        if app not in file.parents or not file.is_file():
            return self.answer(404, "text/plain", b"there is no such file")
        content = file.read_bytes()
        if file.name in roots:
            assets = [one.relative_to(app).as_posix() for one in app.rglob("*") if one.is_file() and one.name not in roots]
            names = ", ".join(f'"/assets/{version}/{one}"' for one in assets)
            content = content.replace(b"@version@", version.encode()).replace(b'"@files@"', names.encode())
        self.answer(200, types.get(file.suffix[1:], "application/octet-stream"), content)

    def hand_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        link = http.client.HTTPConnection(fleet, timeout=60)
        link.request(self.command, self.path, body or None, dict(self.headers))
        answer = link.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        # a stream of events has no length and ends with the connection
        self.send_header("Connection", "close")
        self.end_headers()
        while piece := answer.read1(65536):
            self.wfile.write(piece)
            self.wfile.flush()
        self.close_connection = True

    do_POST = do_PATCH = do_PUT = do_DELETE = hand_on

    def answer(self, status, kind, content):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
