"""Reads a repository of ours with python-tuf's client and holds every signature against securesystemslib.

usage: verify.py [--known FOLDER] PUBLISHED ROOT TARGET…

Serves the folder on loopback. Prints `root VERSION`, `file NAME ok` for each piece of metadata and `target PATH
SHA256` for each target; anything else is a fault.
"""
import argparse
import functools
import hashlib
import http.server
import json
import os
import tempfile
import threading

from securesystemslib.formats import encode_canonical
from tuf.api.metadata import Metadata, Root, Targets
from tuf.ngclient import Updater


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("published")
    parser.add_argument("root")
    parser.add_argument("--known")
    parser.add_argument("targets", nargs="*")
    arguments = parser.parse_args()

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=arguments.published))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    folder = arguments.known or tempfile.mkdtemp(prefix="amphora-verify.")
    with open(arguments.root, "rb") as file:
        first = file.read()
    updater = Updater(
        os.path.join(folder, "metadata"), f"{url}/metadata/", os.path.join(folder, "targets"), f"{url}/targets/",
        bootstrap=first)
    for name in ["metadata", "targets"]:
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    updater.refresh()
    print("root", updater._trusted_set.root.version)
    for path in arguments.targets:
        info = updater.get_targetinfo(path)
        assert info is not None, path
        with open(updater.download_target(info), "rb") as file:
            print("target", path, hashlib.sha256(file.read()).hexdigest())
    check_signatures(os.path.join(arguments.published, "metadata"))


def check_signatures(folder):
    """The newest of everything: ids of keys are hashes of keys, and signatures verify under the root."""
    def load(name):
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()

    roots = sorted(int(name.split(".")[0]) for name in os.listdir(folder) if name.endswith(".root.json"))
    assert roots == list(range(1, roots[-1] + 1)), roots
    root = Metadata[Root].from_bytes(load(f"{roots[-1]}.root.json"))
    for keyid, key in root.signed.keys.items():
        assert hashlib.sha256(encode_canonical(key.to_dict()).encode()).hexdigest() == keyid, keyid
    for version in roots[1:]:
        next_root = Metadata[Root].from_bytes(load(f"{version}.root.json"))
        before = Metadata[Root].from_bytes(load(f"{version - 1}.root.json"))
        for judge in [before, next_root]:
            judge.signed.verify_delegate("root", next_root.signed_bytes, next_root.signatures)
    timestamp = Metadata.from_bytes(load("timestamp.json"))
    root.signed.verify_delegate("timestamp", timestamp.signed_bytes, timestamp.signatures)
    snapshot = Metadata.from_bytes(load(f"{timestamp.signed.snapshot_meta.version}.snapshot.json"))
    root.signed.verify_delegate("snapshot", snapshot.signed_bytes, snapshot.signatures)

    def check(role, delegator):
        version = snapshot.signed.meta[f"{role}.json"].version
        content = load(f"{version}.{role}.json")
        metadata = Metadata[Targets].from_bytes(content)
        delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        assert json.loads(content)["signed"]["version"] == version
        print("file", role, "ok")
        if metadata.signed.delegations is not None:
            for name in metadata.signed.delegations.roles:
                check(name, metadata.signed)

    check("targets", root.signed)


main()
