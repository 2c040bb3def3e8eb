"""Figures of updates: a look for news that finds none, and a publication for ten thousand gateways."""

import functools
import http.server
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import threading
import time

from report import median
from rig import BASE_SET, BOUND, GATEWAY, PYTHON

FLEET = os.environ.get("AMPHORA_FLEET", "")
MANY = 10_000

PYTHON_TUF = """
import sys
from tuf.ngclient import Updater
folder, url = sys.argv[1:]
Updater(folder, url, bootstrap=None).refresh()
"""


class Counting(http.server.SimpleHTTPRequestHandler):
    """Gives files, and counts what was asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked += 1
        super().do_GET()

    def log_message(self, *_):
        pass


class Published:
    """A repository of our own with the base set and an assignment for each gateway, on a server."""

    def __init__(self, gateways):
        self.folder = tempfile.TemporaryDirectory(prefix="amphora-bench.")
        self.path = pathlib.Path(self.folder.name)
        self.repository = self.path / "repository"
        for name in ["root", "targets"]:
            self.profiles("keygen", self.path / name, "--no-passphrase")
        place = ["--repository", self.repository]
        self.profiles("init", *place, "--root-key", self.path / "root.pub", "--targets-key", self.path / "targets.pub")
        self.profiles("add", *place, BASE_SET)
        self.profiles("sign", *place, "--key", self.path / "root", "--key", self.path / "targets")
        self.profiles("publish", *place)
        self.list = self.path / "assignments"
        self.write(gateways, release=1)

    def write(self, gateways, release):
        self.list.write_text("".join(
            json.dumps({"gateway": f"bench-{number:05}", "set": "base", "version": "1.0.0", "sha256": "ab" * 32, "length": 1833984,
                        "release": release, "not_after": "2040-01-01T00:00:00Z", "least_runtime": "0.1.0"}) + "\n"
            for number in range(gateways)))

    def profiles(self, *words):
        run = subprocess.run([*BOUND, FLEET, "profiles", *map(str, words)], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"profiles {words[0]}: {run.stderr[-400:]}")

    def publish(self):
        """Seconds and seconds of processor time of one publication."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        self.profiles("publish", "--repository", self.repository, "--assignments", self.list)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"s": time.monotonic() - begun, "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    def serve(self):
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Counting, directory=str(self.repository / "published")))
        self.server.asked = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/metadata/"


def refresh(published, url, name, times):
    """The processor time of a program from its start to its end, and how often it asked, when there is no news."""
    folder = published.path / name.split()[0]
    root = published.repository / "published/metadata/1.root.json"
    if name == "amphora":
        command = [GATEWAY, "tuf-client", "--metadata-dir", folder, "--metadata-url", url, "refresh"]
        subprocess.run([GATEWAY, "tuf-client", "--metadata-dir", folder, "init", root], check=True)
    else:
        command = [PYTHON, "-c", PYTHON_TUF, folder, url]
        folder.mkdir(exist_ok=True)
        (folder / "root.json").write_bytes(root.read_bytes())
    command = [*BOUND, *map(str, command)]
    subprocess.run(command, check=True)
    published.server.asked = 0
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    for _ in range(times):
        subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_ms": cpu * 1000 / times, "ms": (time.monotonic() - begun) * 1000 / times, "requests": published.server.asked / times}


def update(report, priority, rounds, quick):
    if not FLEET:
        raise RuntimeError("AMPHORA_FLEET names no fleet")
    published = Published(100 if quick else MANY)

    def publication():
        publication.release += 1
        published.write(100 if quick else MANY, publication.release)
        return published.publish()

    publication.release = 1
    results = report.rotate([("amphora", publication)], rounds)
    report.table(f"publication of {100 if quick else MANY} changed assignments", results, [("s", "s", 2), ("cpu_s", "processor s", 2)])
    report.bar("publication of 10,000 assignments", median(results["amphora"], "s"), 10.0, " s")

    url = published.serve()
    names = ("amphora", "python-tuf")
    times = 5 if quick else 50
    results = report.rotate([(name, lambda name=name: refresh(published, url, name, times)) for name in names], rounds)
    report.table("refresh of signed metadata with nothing new, start of the program included", results, [
        ("cpu_ms", "processor ms", 2), ("ms", "ms", 1), ("requests", "requests", 1)])
    report.bar("requests of a refresh with nothing new", median(results["amphora"], "requests"), 2.0)
    report.bar("processor time of a refresh with nothing new", median(results["amphora"], "cpu_ms"), 20.0, " ms")
    published.server.shutdown()
    published.folder.cleanup()
