"""An HTTPS server that behaves as the path says; written on bare sockets so that it can misbehave.

server.py [--certificate PEM --key PEM] [--clients PEM] [--tls 1.1|1.2|1.3] [--mode tls|silent|plain|proxy]

Listens on a free port of the loopback interface and prints "listening PORT". Then one line for each
event: "connected", "handshake CN", "refused WHY", "request METHOD PATH", "gone WHY".
"""

import argparse
import gzip
import json
import socket
import ssl
import sys
import threading
import time

BOMB = gzip.compress(bytes(5_000_000))
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def say(*words):
    print(*words, flush=True)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def answer(send, method, path, head, body, name):
    """Answers one request; a true result keeps the connection."""
    if path == "/ok":
        send(HELLO)
        return True
    if path == "/exact":
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(b"12345678") + b"0\r\n\r\n")
        return True
    if path == "/whoami":
        send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(name), name.encode()))
        return True
    if path == "/echo":
        text = json.dumps({"method": method, "head": head, "body": body.hex()}).encode()
        send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
        return True
    if path.startswith("/status/"):
        code = path.split("/")[2]
        send(b"HTTP/1.1 %s Told\r\nRetry-After: 7\r\nContent-Length: 5\r\n\r\nsorry" % code.encode())
        return True
    if path == "/not-modified":
        send(b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n')
        return True
    if path.startswith("/redirect/"):
        target = path[len("/redirect/"):].encode()
        send(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % target)
        return True
    if path == "/odd":
        send(b"HTTP/1.1 100 Continue\r\nX-Early: one\r\n\r\n")
        send(b"HTTP/1.1 103 Early Hints\r\nX-Early: two\r\n\r\n")
        send(b"HTTP/1.1 200 OK\r\nX-Folded: first\r\n  second\r\n\tthird\r\nETag:\"x\"\r\nX-Empty:\r\n")
        send(b"X-Twice: a\r\nx-twice: b\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n")
        send(chunk(b"hello") + b"0\r\nX-Late: three\r\n\r\n")
        return True
    if path == "/endless-chunked":
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            send(chunk(bytes(8192)))
    if path == "/endless-until-close":
        send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while True:
            send(bytes(8192))
    if path == "/announced":
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        time.sleep(30)
    if path == "/bomb":
        send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(BOMB), BOMB))
        return True
    if path == "/transfer-bomb":
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunk(BOMB) + b"0\r\n\r\n")
        return True
    if path == "/endless-head":
        send(b"HTTP/1.1 200 OK\r\n")
        while True:
            send(b"X-Filler: " + b"x" * 1000 + b"\r\n")
    if path == "/endless-continue":
        while True:
            send(b"HTTP/1.1 100 Continue\r\n\r\n")
    if path == "/long-line":
        send(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 400_000 + b"\r\nContent-Length: 0\r\n\r\n")
        return True
    if path == "/byte-per-second":
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            send(b"x")
            time.sleep(1)
    if path == "/stall-before-answer":
        time.sleep(30)
    if path == "/stall-in-head":
        send(b"HTTP/1.1 200 OK\r\nX-Half")
        time.sleep(30)
    if path == "/stall-after-head":
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        time.sleep(30)
    if path == "/truncated":
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello")
        return False
    if path == "/truncated-chunk":
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400\r\nhello")
        return False
    if path == "/nothing":
        return False
    if path == "/garbage":
        send(b"SSH-2.0-OpenSSH_9.2\r\n" * 20)
        return False
    if path == "/bad-status":
        send(b"HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n")
        return False
    raise ValueError("no behaviour called " + path)


def read_head(stream):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = stream.recv(1)
        if not piece:
            return None
        head += piece
    return head.decode("latin-1").split("\r\n")[:-2]


def serve(stream, name):
    while True:
        lines = read_head(stream)
        if lines is None:
            return
        method, path, _ = lines[0].split(" ", 2)
        fields = {key.lower(): value for key, value in (line.split(": ", 1) for line in lines[1:] if ": " in line)}
        left, body = int(fields.get("content-length", "0")), b""
        while len(body) < left:
            piece = stream.recv(65536)
            if not piece:
                return
            body += piece
        say("request", method, path)
        if not answer(stream.sendall, method, path, lines[1:], body, name):
            return


def secure(connection, context):
    try:
        stream = context.wrap_socket(connection, server_side=True)
        # under TLS 1.3 the client hears of a refusal only here
        subject = (stream.getpeercert() or {}).get("subject", ())
    except (ssl.SSLError, OSError) as error:
        say("refused", error)
        connection.close()
        return
    names = [value for part in subject for key, value in part if key == "commonName"]
    say("handshake", names[0] if names else "-")
    try:
        serve(stream, names[0] if names else "-")
        stream.settimeout(1)
        stream.unwrap()
    except (ssl.SSLError, OSError, ValueError) as error:
        say("gone", error)
    stream.close()


def relay(connection):
    """A proxy that only knows CONNECT."""
    lines = read_head(connection)
    if lines is None:
        return
    method, target, _ = lines[0].split(" ", 2)
    say("request", method, target)
    host, port = target.rsplit(":", 1)
    far = socket.create_connection(("127.0.0.1", int(port)))
    connection.sendall(b"HTTP/1.1 200 Fine\r\nX-Proxy: yes\r\n\r\n")

    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    threading.Thread(target=pump, args=(far, connection), daemon=True).start()
    pump(connection, far)


def context_of(options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if options.tls == "1.1":
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    if options.tls:
        version = getattr(ssl.TLSVersion, "TLSv" + options.tls.replace(".", "_"))
        context.maximum_version = version
        context.minimum_version = version
    context.load_cert_chain(options.certificate, options.key)
    if options.clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(options.clients)
    return context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--clients")
    parser.add_argument("--tls")
    parser.add_argument("--mode", default="tls")
    options = parser.parse_args()
    context = context_of(options) if options.mode == "tls" else None
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    say("listening", listener.getsockname()[1])
    kept = []

    def accept():
        while True:
            connection, _ = listener.accept()
            say("connected")
            if options.mode == "silent":
                kept.append(connection)
            elif options.mode == "plain":
                threading.Thread(target=serve, args=(connection, "-"), daemon=True).start()
            elif options.mode == "proxy":
                threading.Thread(target=relay, args=(connection,), daemon=True).start()
            else:
                threading.Thread(target=secure, args=(connection, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


main()
