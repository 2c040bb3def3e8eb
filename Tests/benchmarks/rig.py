"""Starts what a benchmark needs and watches it; ends only what it started."""

import glob
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BASE_SET = ROOT / "Provisioning" / "ProfileSets" / "base"
TOOLS = pathlib.Path(os.environ.get("AMPHORA_BENCH_TOOLS", ROOT / ".build" / "bench"))
PYTHON = os.environ.get("AMPHORA_PYTHON", str(ROOT / ".build-python" / "bin" / "python"))
GATEWAY = os.environ.get("AMPHORA_GATEWAY", "")

# What every program reads: 82 registers of each pack in three requests.
BLOCKS = ((0, 15), (15, 42), (57, 25))
PACKS = 16


# The two ends of Rig.distance: servers listen on the first, clients connect to the second.
NEAR, FAR = "10.77.0.1", "10.77.0.2"

# The judge always goes first where that is permitted: what delays it would be blamed on who is judged.
REAL_TIME = ["chrt", "-r", "1"] if subprocess.run(["chrt", "-r", "1", "true"], capture_output=True).returncode == 0 else []

# Ends a program with the bench that started it, however that ends: what is left running spoils the next figures.
BOUND = ["setpriv", "--pdeathsig", "TERM"]


class Priority:
    """Real-time priority for what is measured, and cores that never go idle.

    A small virtual machine whose core sleeps, or is shared with a busy neighbour, adds a whole timer
    tick (4 ms) to a blocking call, which then swamps what is measured. A spinner of the lowest class
    costs others nothing, since anything runnable goes first.
    """

    def __init__(self):
        self.spinners = []
        self.command = REAL_TIME
        self.words = "real-time priority (chrt -r 1)" if self.command else "ordinary priority: chrt is not permitted here"

    def __enter__(self):
        for core in sorted(os.sched_getaffinity(0)):
            def settle(core=core):
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
                os.sched_setaffinity(0, {core})
            try:
                self.spinners.append(subprocess.Popen([*BOUND, "timeout", "7200", "sh", "-c", "while :; do :; done"], preexec_fn=settle))
            except (OSError, subprocess.SubprocessError):
                break
        self.words += f", {len(self.spinners)} idle spinners"
        return self

    def __exit__(self, *_):
        for spinner in self.spinners:
            spinner.terminate()
            spinner.wait()


class Bus:
    """A running pack_bus: the line, the CAN side and their judge."""

    def __init__(self, process, line, can):
        self.process, self.line, self.can = process, line, can

    def phase(self):
        """What was counted so far; counting begins anew."""
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def result(self):
        """Ends the bus and returns what was counted."""
        self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.communicate(timeout=10)[0].strip().splitlines()[-1])


class Rig:
    """One folder with the processes of one measurement."""

    def __init__(self, priority=()):
        self.priority = list(priority)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-bench."))
        self.processes = []

    def __enter__(self):
        make_profile_set(self.folder / "set")
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, first=True, **options):
        """Starts a program; `first` gives it the priority of this measurement."""
        process = subprocess.Popen(BOUND + (self.priority if first else []) + [str(word) for word in command], **options)
        self.processes.append(process)
        return process

    def bus(self, baud, **options):
        line, can = self.folder / "packs", self.folder / "can"
        words = [f"{key}={value}" for key, value in options.items()]
        process = self.start([*REAL_TIME, TOOLS / "pack_bus", line, f"baud={baud}", f"slcan={can}", *words], first=False, stdout=subprocess.PIPE, text=True)
        wait_for(lambda: line.is_symlink() and can.is_symlink(), 5, "pack_bus")
        return Bus(process, line, can)

    def broker(self, port=None, address="127.0.0.1"):
        """Starts a broker and returns its port.

        Without set_tcp_nodelay a broker holds each acknowledgement back until the one before was confirmed by the other
        end, a round trip away: over 50 ms a window of 100 then moves 1500 records a second instead of 1900.
        """
        port = port or free_port()
        (self.folder / "broker.conf").write_text(
            f"listener {port} {address}\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\nlog_dest none\n")
        self.start([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", self.folder / "broker.conf"], first=False, stderr=subprocess.DEVNULL)
        wait_for(lambda: can_connect(port, address), 5, "mosquitto")
        return port

    def distance(self, delay_ms, loss_percent=0, rate=None, port=0):
        """Puts a real network of this length between NEAR, where a server listens, and FAR, where clients find it; needs root."""
        limits = [rate, port] if rate else []
        process = self.start([*REAL_TIME, TOOLS / "distance", "amphora-far", delay_ms, loss_percent, *limits], first=False,
                             stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "up\n":
            raise RuntimeError("the interface 'amphora-far' could not be made; it needs root and /dev/net/tun")

    def gateway(self, bus, baud, port, **settings):
        values = dict(folder=self.folder, line=bus.line, can=bus.can, baud=baud or 115200, port=port, map="bench-82",
                      host="127.0.0.1", profile="pylontech-lv-1.2", cycle_ms=1000, send_on_change="false",
                      backlog_rate=0, more="")
        values.update(settings)
        path = self.folder / "gateway.toml"
        path.write_text((HERE / "gateway.toml.in").read_text().format(**values))
        self.log = open(self.folder / "gateway.log", "w")
        return self.start([GATEWAY, "run", "--config", path], stdout=self.log, stderr=self.log)

    def complaint(self):
        """The last words of the gateway, for errors."""
        log = self.folder / "gateway.log"
        return log.read_text()[-600:] if log.exists() else ""

    def fill_outbox(self, count, size):
        """Puts records into the outbox that the gateway began; the gateway must not run."""
        database = sqlite3.connect(self.folder / "outbox.db", isolation_level=None)
        first = database.execute("SELECT coalesce(max(sequence), 0) + 1 FROM record").fetchone()[0]
        now = int(time.time() * 1000)
        body = json.dumps({"schema": "bench", "filler": "x" * max(0, size - 32)}).encode()
        database.execute("BEGIN")
        database.executemany("INSERT INTO record(sequence, class, wall_ms, payload) VALUES(?, 0, ?, ?)",
                             ((first + i, now, body) for i in range(count)))
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def outbox_depth(self):
        reader = sqlite3.connect(f"file:{self.folder}/outbox.db?mode=ro", uri=True)
        depth = reader.execute("SELECT count(*) FROM record").fetchone()[0]
        reader.close()
        return depth


def make_profile_set(folder):
    """The shipped set with maps that the benchmarks need: no gap of the map's own, fixed blocks."""
    shutil.copytree(BASE_SET, folder)
    for name, blocks in (("bench-82", BLOCKS), ("bench-40", ((0, 40),))):
        pace = json.loads((BASE_SET / "packs" / "pace-v1.3.json").read_text())
        pace.update(id=name, texts={})
        pace["line"].update(gap_ms=0)
        pace["blocks"] = [
            {"name": f"b{address}", "function": 3, "address": address, "count": count, "every": 1,
             "required": address < 57, "fixed": True}
            for address, count in blocks]
        end = max(address + count for address, count in blocks)
        pace["signals"] = {key: signal for key, signal in pace["signals"].items() if signal["at"] < end}
        if "charge_current_limit" not in pace["signals"]:
            pace["limits"]["published_by_pack"] = False
        (folder / "packs" / f"{name}.json").write_text(json.dumps(pace))
        write_vectors(folder / "vectors" / "packs" / f"{name}.json", zeros_dropped(name, *blocks[0]))
    fast = folder / "inverters" / "bench-100ms"
    shutil.copytree(folder / "inverters" / "pylontech-lv-1.2", fast)
    profile = json.loads((fast / "profile.json").read_text())
    profile["id"] = "bench-100ms"
    for frame in profile["frames"]:
        frame["cycle_ms"] = 100
    (fast / "profile.json").write_text(json.dumps(profile))
    write_vectors(folder / "vectors" / "inverters" / "bench-100ms.json", {
        "schema": "amphora/profile-vectors/v1", "profile": "bench-100ms",
        "vectors": [{"name": "alive", "origin": "computed", "source": "bench",
                     "received": ["305#0000000000000000"], "inverter": {"keep_alive": True}}]})
    subprocess.run([GATEWAY, "profile", "seal", folder], check=True, capture_output=True)


def write_vectors(path, document):
    path.write_text(json.dumps(document))


def zeros_dropped(name, address, count):
    """The least a map must prove: a block of zeros is not taken."""
    def framed(*data):
        crc = 0xFFFF
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        return bytes([*data, crc & 0xFF, crc >> 8]).hex(" ").upper()
    return {"schema": "amphora/pack-vectors/v1", "map": name, "vectors": [
        {"name": "zeros", "origin": "computed", "source": "bench", "dropped": True,
         "request": framed(1, 3, address >> 8, address & 0xFF, 0, count),
         "reply": framed(1, 3, 2 * count, *[0] * (2 * count))}]}


def usage(pid):
    """Processor seconds, context switches, threads and memory of one process."""
    total = {"cpu_s": 0.0, "switches": 0, "threads": 0}
    for task in glob.glob(f"/proc/{pid}/task/*"):
        try:
            total["cpu_s"] += int(pathlib.Path(task, "schedstat").read_text().split()[0]) / 1e9
            for line in pathlib.Path(task, "status").read_text().splitlines():
                if "ctxt_switches" in line:
                    total["switches"] += int(line.split()[1])
            total["threads"] += 1
        except OSError:
            continue
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(("RssAnon", "VmRSS")):
            total[line.split(":")[0]] = int(line.split()[1])
    return total


def wait_for(test, seconds, what):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come up within {seconds} s")
        time.sleep(0.01)


def can_connect(port, address="127.0.0.1"):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
