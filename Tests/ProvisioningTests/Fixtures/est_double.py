"""A small EST server (RFC 7030) for tests, made of ssl and the openssl program.

usage: est_double.py FOLDER

Makes its authorities in FOLDER (root.pem is for the client), prints "port N", and answers on loopback.
FOLDER/mode holds words that say what goes wrong, read anew for each request; FOLDER/log tells what was
asked: method, path, common name of the client's certificate or "-", status.
"""
import base64
import email.utils
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time

FOLDER = sys.argv[1]
TOKEN = "good-token"
CONFIGURATION = """
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}/issued
default_md = sha256
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = optional
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
[server]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost,IP:127.0.0.1
extendedKeyUsage = serverAuth
[client]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
[serveronly]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
"""


def path(name):
    return os.path.join(FOLDER, name)


def openssl(*words, data=None):
    run = subprocess.run(["openssl", *words], input=data, capture_output=True)
    if run.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(words)}: {run.stderr.decode()}")
    return run.stdout


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def key(name):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path(name))


def request(key_name, subject):
    out = path(key_name + ".csr")
    openssl("req", "-new", "-config", path("ca.cnf"), "-key", path(key_name), "-subj", subject, "-out", out)
    return out


def issue(csr, issuer, extensions, out, begin=-3600, end=90 * 86400, subject=None, self_signed=False):
    now = time.time()
    words = ["ca", "-batch", "-notext", "-config", path("ca.cnf"), "-in", csr, "-extensions", extensions,
             "-startdate", stamp(now + begin), "-enddate", stamp(now + end), "-out", path(out),
             "-keyfile", path(issuer + ".key")]
    words += ["-selfsign"] if self_signed else ["-cert", path(issuer + ".pem")]
    words += ["-subj", subject] if subject else []
    openssl(*words)


def make_root(name):
    key(name + ".key")
    csr = request(name + ".key", "/CN=Fleet Root")
    issue(csr, name, "root", name + ".pem", end=3650 * 86400, self_signed=True)
    return csr


def make_issuing(name, root):
    key(name + ".key")
    issue(request(name + ".key", "/CN=Fleet Issuing"), root, "issuing", name + ".pem", end=1800 * 86400)


def prepare():
    os.makedirs(path("issued"), exist_ok=True)
    open(path("index"), "w").close()
    with open(path("serial"), "w") as file:
        file.write("1000\n")
    with open(path("ca.cnf"), "w") as file:
        file.write(CONFIGURATION.format(folder=FOLDER))
    old, new = make_root("root"), make_root("newroot")
    make_root("stranger")
    issue(new, "root", "root", "newwithold.pem")
    issue(old, "newroot", "root", "oldwithnew.pem")
    make_issuing("issuing", "root")
    make_issuing("newissuing", "newroot")
    make_issuing("strangeissuing", "stranger")
    key("server.key")
    issue(request("server.key", "/CN=localhost"), "issuing", "server", "server.pem")
    key("other.key")
    with open(path("chain.pem"), "w") as chain:
        chain.write(read("server.pem") + read("issuing.pem"))
    with open(path("clients.pem"), "w") as clients:
        clients.write(read("root.pem") + read("newroot.pem"))


def read(name):
    try:
        with open(path(name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def bag(*names):
    words = ["crl2pkcs7", "-nocrl", "-outform", "DER"]
    for name in names:
        words += ["-certfile", path(name)]
    return openssl(*words)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def common_name(self):
        certificate = self.connection.getpeercert() or {}
        return next((v for part in certificate.get("subject", ()) for k, v in part if k == "commonName"), None)

    def answer(self, status, body=b"", kind="text/plain", **fields):
        with open(path("log"), "a") as log:
            log.write(f"{self.command} {self.path} {self.common_name() or '-'} {status}\n")
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def certificates(self, der):
        text = base64.b64encode(der)
        if "wrapped" in self.modes:
            text = b"\r\n".join(text[i:i + 64] for i in range(0, len(text), 64)) + b"\r\n"
        kind = "application/pkcs7-mime; smime-type=certs-only"
        if "bare-type" in self.modes:
            kind = "Application/PKCS7-MIME"
        fields = {"Content_Transfer_Encoding": "base64"} if "cte" in self.modes else {}
        if "cte-binary" in self.modes:
            fields = {"Content_Transfer_Encoding": "Binary"}
        self.answer(200, text, kind, **fields)

    def do_GET(self):
        self.modes = read("mode").split()
        if self.path == "/.well-known/est/cacerts":
            names = ["root.pem", "issuing.pem"]
            if "rollover" in self.modes:
                names = ["newwithold.pem", "oldwithnew.pem", "newroot.pem", "newissuing.pem"] + names
            if "no-root" in self.modes:
                names = ["issuing.pem"]
            if "strangers" in self.modes:
                names = ["stranger.pem"]
            return self.certificates(bag(*names))
        if self.path == "/v1/gateway/config":
            if not self.common_name() or "unproved" in self.modes:
                return self.answer(401, b"show a certificate")
            if "proof-busy" in self.modes:
                return self.answer(503)
            return self.answer(404)
        return self.answer(404)

    def do_POST(self):
        self.modes = read("mode").split()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        digest = hashlib.sha256(body).hexdigest()
        for status in ("400", "401", "403", "500", "503", "302"):
            if status in self.modes:
                return self.answer(int(status), b"no\x1b[31m, not\nthis one")
        if self.headers["Content-Type"] != "application/pkcs10":
            return self.answer(400, b"expected application/pkcs10")
        with open(path("csr.pem"), "w") as csr:
            csr.write("-----BEGIN CERTIFICATE REQUEST-----\n")
            csr.write("\n".join(body.decode()[i:i + 64] for i in range(0, len(body), 64)))
            csr.write("\n-----END CERTIFICATE REQUEST-----\n")
        subject = openssl("req", "-verify", "-in", path("csr.pem"), "-noout", "-subject", "-nameopt", "RFC2253")
        name = subject.decode().strip().removeprefix("subject=CN=")
        if self.path == "/.well-known/est/simpleenroll":
            wanted = "Basic " + base64.b64encode(f"{name}:{TOKEN}".encode()).decode()
            used = read("used-token")
            if self.headers["Authorization"] == wanted and used in ("", digest):
                with open(path("used-token"), "w") as file:
                    file.write(digest)
            elif self.common_name() != name or "factory" not in self.modes:
                return self.answer(401, b"token unknown or used")
        elif self.path != "/.well-known/est/simplereenroll" or self.common_name() != name:
            return self.answer(401, b"show the certificate to renew")
        waiting = read("waiting")
        if {"wait-seconds", "wait-date", "wait-dumb"} & set(self.modes):
            if waiting == "":
                with open(path("waiting"), "w") as file:
                    file.write(digest)
                if "wait-dumb" in self.modes:
                    return self.answer(202, b"an operator decides", Retry_After="soon")
                after = "7" if "wait-seconds" in self.modes else email.utils.formatdate(time.time() + 7, usegmt=True)
                return self.answer(202, b"an operator decides", Retry_After=after)
            if waiting != digest:
                return self.answer(400, b"that is another request")
        self.issue(name)

    def issue(self, name):
        csr, issuer, extensions, subject, begin, end = path("csr.pem"), "issuing", "client", None, -3600, 90 * 86400
        if "other-key" in self.modes:
            csr = request("other.key", f"/CN={name}")
        if "other-name" in self.modes:
            subject = "/CN=gw-other"
        if "serveronly" in self.modes:
            extensions = "serveronly"
        if "expired" in self.modes:
            begin, end = -7200, -3600
        if "future" in self.modes:
            begin = 86400
        if "rollover" in self.modes:
            issuer = "newissuing"
        if "stranger-issues" in self.modes:
            issuer = "strangeissuing"
        issue(csr, issuer, extensions, "leaf.pem", begin, end, subject)
        if "garbage" in self.modes:
            return self.certificates(b"\x30\x82\x01\x00 this is no CMS")
        if "not-base64" in self.modes:
            return self.answer(200, b"<html>", "application/pkcs7-mime")
        if "html" in self.modes:
            return self.answer(200, b"<html>", "text/html")
        self.certificates(bag("leaf.pem"))


def main():
    prepare()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path("chain.pem"), path("server.key"))
    context.load_verify_locations(path("clients.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    # whoever started it has ended
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


main()
