"""A repository that python-tuf signs, a server that can misbehave, and our client as a program."""
import datetime
import json
import os
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib import parse

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets,
    Timestamp)
from tuf.api.serialization.json import JSONSerializer

TOP = ["root", "timestamp", "snapshot", "targets"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


def later(days=30):
    return now() + datetime.timedelta(days=days)


def signer(scheme="ed25519"):
    return {
        "ed25519": CryptoSigner.generate_ed25519,
        "ecdsa": CryptoSigner.generate_ecdsa,
        "rsa": lambda: CryptoSigner.generate_rsa(size=2048),
    }[scheme]()


def quoted(role):
    return parse.quote(role, "")


class Repository:
    """Signed metadata in memory; `files` is what the server gives."""

    def __init__(self, consistent=True, hashes=False, scheme="ed25519", compact=True):
        self.hashes = hashes
        self.compact = compact
        self.files = {}
        self.artifacts = {}
        self.signers = {role: [] for role in TOP}
        self.signed = {
            "root": Root(consistent_snapshot=consistent, expires=later()),
            "timestamp": Timestamp(expires=later()),
            "snapshot": Snapshot(expires=later()),
            "targets": Targets(expires=later()),
        }
        for role in TOP:
            self.add_key(role, scheme)
        self.signed["snapshot"].meta = {"targets.json": MetaFile(1)}
        self.put("root")
        self.put("targets")
        self.note("targets")
        self.put("snapshot")
        self.note_snapshot()
        self.put("timestamp")

    root = property(lambda self: self.signed["root"])
    timestamp = property(lambda self: self.signed["timestamp"])
    snapshot = property(lambda self: self.signed["snapshot"])
    targets = property(lambda self: self.signed["targets"])

    def add_key(self, role, scheme="ed25519"):
        made = signer(scheme)
        self.signers[role].append(made)
        self.root.add_key(made.public_key, role)
        return made

    def rotate(self, role, scheme="ed25519"):
        """Other keys for a role; what the old ones signed is worth nothing from the next root on."""
        for old in self.signers[role]:
            self.root.revoke_key(old.public_key.keyid, role)
        self.signers[role] = []
        return self.add_key(role, scheme)

    def bytes(self, role, by=None):
        document = Metadata(self.signed[role])
        for each in self.signers[role] if by is None else by:
            document.sign(each, append=True)
        return document.to_bytes(JSONSerializer(compact=self.compact))

    def put(self, role, by=None, content=None):
        """Signs a role as it is and gives it to the server."""
        content = self.bytes(role, by) if content is None else content
        version = self.signed[role].version
        if role != "timestamp":
            self.files[f"{version}.{quoted(role)}.json"] = content
        if role != "root":
            self.files[f"{quoted(role)}.json"] = content
        return content

    def mark(self, content, version):
        if not self.hashes:
            return MetaFile(version)
        return MetaFile.from_data(version, content, ["sha256", "sha512"])

    def note(self, role):
        """Tells the snapshot of a role."""
        version = self.signed[role].version
        content = self.files[f"{version}.{quoted(role)}.json"]
        self.snapshot.meta[f"{role}.json"] = self.mark(content, version)

    def note_snapshot(self):
        content = self.files[f"{self.snapshot.version}.snapshot.json"]
        self.timestamp.snapshot_meta = self.mark(content, self.snapshot.version)

    def publish(self, *roles):
        """A new version of each role; what names it is told, in the order in which it is safe."""
        for role in roles:
            self.signed[role].version += 1
            if role == "timestamp":
                self.note_snapshot()
            self.put(role)
            if role not in ("root", "timestamp", "snapshot"):
                self.note(role)

    def publish_all(self):
        self.publish("targets", "snapshot", "timestamp")

    def add_target(self, path, content, role="targets", algorithms=("sha256",)):
        self.artifacts[path] = content
        described = TargetFile.from_data(path, content, list(algorithms))
        self.signed[role].targets[path] = described
        return described

    def delegate(self, role, by="targets", paths=None, prefixes=None, terminating=False, threshold=1):
        """Trusts a role with paths; makes the role when there is none."""
        if paths is None and prefixes is None:
            paths = ["*"]
        if role not in self.signed:
            self.signed[role] = Targets(expires=later())
            self.signers[role] = [signer()]
        delegator = self.signed[by]
        if delegator.delegations is None:
            delegator.delegations = Delegations({}, roles={})
        delegator.delegations.roles[role] = DelegatedRole(
            role, [], threshold, terminating, paths, prefixes)
        for each in self.signers[role]:
            delegator.add_key(each.public_key, role)
        self.put(role)
        self.note(role)

    def location(self, path):
        """Where the server gives an artifact."""
        if not self.root.consistent_snapshot:
            return [path]
        folder, slash, name = path.rpartition("/")
        return [
            f"{folder}{slash}{digest}.{name}" for signed in self.signed.values()
            if isinstance(signed, Targets) and path in signed.targets
            for digest in signed.targets[path].hashes.values()]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.server.log.append(("HEAD", self.path))
        self.send_error(405)

    def do_GET(self):
        rig = self.server
        rig.log.append(("GET", self.path))
        for part, behave in list(rig.odd.items()):
            if part in self.path:
                behave(self)
                return
        repository = rig.repository
        content = None
        if self.path.startswith("/metadata/"):
            content = repository.files.get(self.path[len("/metadata/"):])
        elif self.path.startswith("/targets/"):
            wanted = self.path[len("/targets/"):]
            for path, data in repository.artifacts.items():
                if any(wanted in (x, parse.quote(x, "/%")) for x in repository.location(path)):
                    content = data
        if content is None:
            self.answer(b"nothing here", 404)
        else:
            self.answer(content)

    def answer(self, content, status=200, length=None, **fields):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, repository):
        super().__init__(("127.0.0.1", 0), Handler)
        self.repository = repository
        self.log = []
        self.odd = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # clients that hang up are what some cases are about

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def metadata(self):
        """The names of the metadata asked for since the last time, in order."""
        log, self.log = self.log, []
        assert all(method == "GET" for method, _ in log), log
        return [path[len("/metadata/"):] for _, path in log if path.startswith("/metadata/")]


class Client:
    """`amphora-gateway tuf-client` with folders of its own."""

    program = None

    def __init__(self, server):
        self.server = server
        self.folder = tempfile.mkdtemp(prefix="amphora-tuf.")
        self.metadata_dir = os.path.join(self.folder, "metadata")
        self.target_dir = os.path.join(self.folder, "targets")
        self.faketime = None
        self.environment = {}
        self.words = ""

    def run(self, *arguments, within=60):
        command = [self.program, "tuf-client", *arguments]
        if self.faketime is not None:
            command = ["faketime", "-f", self.faketime, *command]
        done = subprocess.run(
            command, capture_output=True, timeout=within, env={**os.environ, **self.environment})
        self.words = done.stderr.decode(errors="replace")
        return done.returncode

    def init(self, root=None):
        path = os.path.join(self.folder, "trusted-root")
        with open(path, "wb") as file:
            file.write(self.server.repository.files["1.root.json"] if root is None else root)
        return self.run("--metadata-dir", self.metadata_dir, "init", path)

    def refresh(self, url=None, **keywords):
        return self.run(
            "--metadata-url", url or self.server.url + "/metadata", "--metadata-dir",
            self.metadata_dir, "refresh", **keywords)

    def download(self, *paths, **keywords):
        names = [word for path in paths for word in ("--target-name", path)]
        return self.run(
            "--metadata-url", self.server.url + "/metadata", "--metadata-dir", self.metadata_dir,
            *names, "--target-dir", self.target_dir, "--target-base-url",
            self.server.url + "/targets", "download", **keywords)

    def stored(self, role):
        path = os.path.join(self.metadata_dir, quoted(role) + ".json")
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def trusted(self):
        """Versions by file, of everything that lies there as metadata."""
        return {
            parse.unquote(name[:-5]): json.loads(self.stored(parse.unquote(name[:-5])))["signed"]["version"]
            for name in os.listdir(self.metadata_dir) if name.endswith(".json")}

    def targets(self):
        """What was downloaded, by file."""
        if not os.path.isdir(self.target_dir):
            return {}
        found = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if not folder.startswith(self.metadata_dir) and name != "trusted-root":
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, self.target_dir)] = file.read()
        return found

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Scene:
    """What most cases begin with: a repository, its server, and a client that has its first root."""

    def __init__(self, ready=True, **keywords):
        self.repository = Repository(**keywords)
        self.server = Server(self.repository)
        self.client = Client(self.server)
        if ready:
            expect(self.client.init(), 0)

    def good(self, what="refresh", *arguments):
        status = getattr(self.client, what)(*arguments)
        assert status == 0, f"expected success, found {status}: {self.client.words}"

    def bad(self, what="refresh", *arguments, words=None, **keywords):
        status = getattr(self.client, what)(*arguments, **keywords)
        assert status == 1, f"expected failure 1, found {status}: {self.client.words}"
        if words is not None:
            assert words in self.client.words, f"expected '{words}' in: {self.client.words}"

    def trusts(self, **versions):
        expect(self.client.trusted(), versions)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.client.close()


def expect(found, expected):
    assert found == expected, f"expected {expected}, found {found}"
