"""Figures of updates: taking the base set in, a swap as the bus sees it, a look for news that finds none, and a
publication for ten thousand gateways."""

import functools
import hashlib
import http.server
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import threading
import time

import rig as rigs
from report import median, ratio
from rig import BASE_SET, BOUND, GATEWAY, PYTHON, REAL_TIME, Rig, wait_for

FLEET, SIM = os.environ.get("AMPHORA_FLEET", ""), os.environ.get("AMPHORA_SIM", "")
MANY = 10_000
CYCLE_MS = 100

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
        """Seconds and seconds of processor time of one publication, which brings all of its file system to the disk."""
        os.sync()  # so that it does not pay for what others have left there
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        self.profiles("publish", "--repository", self.repository, "--assignments", self.list)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {"s": time.monotonic() - begun, "cpu_s": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    def serve(self):
        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Counting, directory=str(self.repository / "published")))
        self.server.asked = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"


def processor(command):
    """Milliseconds of processor time and of the clock that a program takes from its start to its end."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = subprocess.run([*BOUND, *map(str, command)], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"{command}: {(run.stderr or run.stdout)[-400:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_ms": cpu * 1000, "ms": (time.monotonic() - begun) * 1000}


def taking_in(published, url):
    """The base set from the first root to the proof on one core, each step a process of its own.

    The set is fetched from a server on this machine, whose own time does not count.
    """
    place = published.path / "taken"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    client = [GATEWAY, "tuf-client", "--metadata-dir", place / "metadata"]
    subprocess.run([*client, "init", published.repository / "published/metadata/1.root.json"], check=True)
    one = ["taskset", "-c", max(os.sched_getaffinity(0))]
    fetched = processor([*one, *client, "--metadata-url", url + "/metadata/", "--target-base-url", url + "/targets/",
                         "--target-dir", place / "targets", "--target-name", "sets/base-1.0.0.tar", "download"])
    archive = next((place / "targets").iterdir())
    unpacked = processor([*one, GATEWAY, "profile", "unpack", archive, place / "set"])
    proved = processor([*one, GATEWAY, "profile", "verify", place / "set"])
    steps = {"fetched": fetched, "unpacked": unpacked, "proved": proved}
    return {f"{name}_ms": step["cpu_ms"] for name, step in steps.items()} | {
        key: sum(step[key] for step in steps.values()) for key in ("cpu_ms", "ms")}


def next_set(rig, release):
    """A changed copy of the set that runs, sealed, packed and assigned; profile and pack map change in turn."""
    folder = rig.folder / f"set-{release}"
    shutil.copytree(rig.folder / "set", folder)
    changed = folder / ("packs/bench-82.json" if release % 2 else "inverters/bench-100ms/profile.json")
    document = json.loads(changed.read_text())
    document["title"] = f"Of release {release}"
    changed.write_text(json.dumps(document))
    subprocess.run([GATEWAY, "profile", "seal", folder, "--release", str(release), "--set-version", f"1.{release}.0"], check=True, capture_output=True)
    packed = rig.folder / "packed.tar"
    subprocess.run([GATEWAY, "profile", "pack", folder, packed], check=True, capture_output=True)
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    length = packed.stat().st_size
    packed.rename(rig.folder / "assigned" / f"{digest}.tar")
    draft = rig.folder / "draft"
    draft.write_text(json.dumps({
        "gateway": "bench", "set": "base", "version": f"1.{release}.0", "sha256": digest, "length": length, "release": release,
        "not_after": "2040-01-01T00:00:00Z", "least_runtime": "0.1.0", "rollout": f"bench-{release}"}))
    draft.rename(rig.folder / "assigned" / "assignment.json")


def status(rig):
    run = subprocess.run([GATEWAY, "watch", "--once", "--json", "--socket", rig.folder / "gateway.sock"], capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else None


def gaps(log):
    """What a candump log says of frames that are due every ``CYCLE_MS``.

    A cycle is missed when fewer frames came than the time from the first to the last has room for. One that came late
    and in its place is not: whoever writes the log has to wait for its turn, too, hence the case that is left alone.
    """
    times = {}
    for line in log.read_text().splitlines():
        time, _, frame = line.split()[:3]
        times.setdefault(frame.split("#")[0], []).append(float(time.strip("()")) * 1000 / CYCLE_MS)
    between = sorted(later - earlier for moments in times.values() for earlier, later in zip(moments, moments[1:]))
    missed = [round(moments[-1] - moments[0]) + 1 - len(moments) for moments in times.values()]
    return {"cycles": max(map(len, times.values())), "frames": sum(map(len, times.values())), "missed": max(missed),
            "p99_cycles": between[int(len(between) * 0.99)], "longest_cycles": between[-1]}


def swaps(times, pause):
    """The gaps between frames as the simulated inverter sees them, over so many swaps or over so many seconds without one.

    The inverter never speaks: a probation then lasts no longer than was asked for. At ordinary priority, as a gateway
    runs; the inverter goes first, since its delays would be blamed on the gateway.
    """
    with Rig() as rig:
        bus = rig.bus(115200)
        assigned, can, log = rig.folder / "assigned", rig.folder / "inverter", rig.folder / "inverter.log"
        assigned.mkdir()
        rig.start([*REAL_TIME, SIM, "inverter", "--profiles", rig.folder / "set", "--profile", "bench-100ms", "--quirk", "no-keep-alive",
                   "--slcan-link", can, "--log", log], first=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(can.is_symlink, 10, "the inverter")
        bus.can = can
        process = rig.gateway(bus, 115200, rig.broker(), profile="bench-100ms", more=(
            f'[update]\nfolder = "{rig.folder / "sets"}"\nfrom = "{assigned}"\npoll_s = 1\nprobation_s = 5\n'))

        def settled(words):
            seen = status(rig) if process.poll() is None else None
            return seen and seen["bank"]["packs_online"] == rigs.PACKS and words in seen["update"]["set"] and seen["update"]["phase"] == "idle"

        try:
            wait_for(lambda: settled("base"), 30, "the bank")
            for release in range(2, 2 + times):
                next_set(rig, release)
                wait_for(lambda: settled(f"1.{release}.0"), 40, f"set 1.{release}.0")
        except TimeoutError as error:
            raise RuntimeError(f"{error}: {rig.complaint()}") from None
        time.sleep(pause)
        process.terminate()
        process.wait(10)
        return {"swaps": times, **gaps(log)}


def refresh(published, url, name, times):
    """The processor time of a program from its start to its end, and how often it asked, when there is no news."""
    folder = published.path / name.split()[0]
    root = published.repository / "published/metadata/1.root.json"
    if name == "amphora":
        command = [GATEWAY, "tuf-client", "--metadata-dir", folder, "--metadata-url", url + "/metadata/", "refresh"]
        subprocess.run([GATEWAY, "tuf-client", "--metadata-dir", folder, "init", root], check=True)
    else:
        command = [PYTHON, "-c", PYTHON_TUF, folder, url + "/metadata/"]
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
    if not FLEET or not SIM:
        raise RuntimeError("AMPHORA_FLEET and AMPHORA_SIM name no programs")
    many = 100 if quick else MANY
    published = Published(many)

    def publication():
        publication.release += 1
        published.write(many, publication.release)
        return published.publish()

    publication.release = 1
    results = report.rotate([("amphora", publication)], rounds)
    report.table(f"publication of {many} changed assignments", results, [("s", "s", 2), ("cpu_s", "processor s", 2)])
    report.bar(f"publication of {many} assignments", median(results["amphora"], "s"), 10.0, " s")

    url = published.serve()
    names = ("amphora", "python-tuf")
    times = 5 if quick else 50
    results = report.rotate([(name, lambda name=name: refresh(published, url, name, times)) for name in names], rounds)
    report.table("refresh of signed metadata with nothing new, start of the program included", results, [
        ("cpu_ms", "processor ms", 2), ("ms", "ms", 1), ("requests", "requests", 1)])
    ours, theirs = (median(results[name], "cpu_ms") for name in names)
    report.bar("requests of a refresh with nothing new", median(results["amphora"], "requests"), 2.0)
    report.bar("processor time of a refresh with nothing new", ours, 20.0, " ms")
    report.bar("processor time of a refresh ÷ python-tuf", ratio(ours, theirs), 0.2)

    results = report.rotate([("amphora", lambda: taking_in(published, url))], max(rounds, 7))
    report.table("the base set verified, unpacked and proved on one core, three processes", results, [
        ("cpu_ms", "processor ms", 1), ("ms", "ms", 1), ("fetched_ms", "fetched and verified", 1), ("unpacked_ms", "unpacked", 1),
        ("proved_ms", "proved", 1)])
    report.bar("verification and proof of the base set", median(results["amphora"], "cpu_ms"), 300.0, " ms", 1)
    published.server.shutdown()
    published.folder.cleanup()

    times, pause = (1, 1) if quick else (5, 2)
    results = report.rotate([
        ("amphora, swapping", lambda: swaps(times, pause)), ("amphora, left alone", lambda: swaps(0, 10 if quick else 40))], rounds)
    report.table(f"gaps between CAN frames of one kind sent every {CYCLE_MS} ms, 16 packs, seen by the simulated inverter", results, [
        ("swaps", "swaps", 0), ("cycles", "send cycles", 0), ("frames", "frames", 0), ("missed", "cycles missed", 0),
        ("p99_cycles", "p99 cycles", 3), ("longest_cycles", "longest cycles", 3)])
    swapping = results["amphora, swapping"]
    report.bar(f"send cycles missed over {sum(row['swaps'] for row in swapping)} swaps",
               sum(row["missed"] for row in swapping) if swapping else None, 0, digits=0)
