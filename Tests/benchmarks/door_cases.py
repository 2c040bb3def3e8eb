"""Figures of the fleet's TLS door: enrolment, polls for configuration, many gateways, a change for all."""

import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import tempfile
import time

import rig as rigs
from report import median
from rig import BOUND, GATEWAY, TOOLS, Rig, usage, wait_for

FLEET = os.environ.get("AMPHORA_FLEET", "")
CONFIG = "/v1/gateway/config"
MANY = 10_000


class Door:
    """A fleet with its own authority and a store of so many devices, and what asks at its door."""

    def __init__(self, rig, devices):
        self.rig, self.devices = rig, devices
        self.authority, self.store = rig.folder / "authority", f"sqlite:{rig.folder / 'fleet.db'}"
        self.tokens, self.interval = rig.folder / "tokens.csv", 40
        self.fleet("ca", "init", "--ca", self.authority, "--host", "127.0.0.1", "--no-passphrase")
        listed = rig.folder / "devices.csv"
        listed.write_text("id,group\n" + "".join(f"bench-{number:05},group-{number % 20}\n" for number in range(devices)))
        self.tokens.write_text(self.fleet("devices", "add", "--store", self.store, "--csv", listed))
        self.fleet("config", "set", "--store", self.store, "telemetry.interval_s=30")
        self.add_layers()
        self.port, log = rigs.free_port(), open(rig.folder / "serve.log", "w")
        health = rigs.free_port()
        self.server = rig.start([FLEET, "serve", "--store", self.store, "--ca", self.authority, "--tls", f"127.0.0.1:{self.port}",
                                 "--listen", f"127.0.0.1:{health}"], first=False, stdout=log, stderr=log)
        wait_for(lambda: "serving" in (rig.folder / "serve.log").read_text(), 30, "serve")

    def add_layers(self):
        """Lines of 16 packs for each group, and something of their own for every tenth gateway, kept as the program keeps them."""
        lines = [{"name": f"rack-{number}", "device": f"/dev/ttyUSB{number}", "baud": 9600, "map": "pace-v1.3", "units": list(range(8 * number + 1, 8 * number + 9))}
                 for number in range(2)]
        layers = [(f"group:group-{number}", json.dumps({"line": lines, "mqtt": {"window": 50 + number}})) for number in range(20)]
        layers += [(f"gateway:bench-{number:05}", f'{{"mqtt":{{"backlog_rate":{100 + number % 100}}}}}') for number in range(0, self.devices, 10)]
        with sqlite3.connect(self.rig.folder / "fleet.db") as database:
            database.executemany("INSERT INTO configuration_layer (scope, version, patch, author, note, made_ms) VALUES (?, 1, ?, 'bench', '', 0)", layers)
            database.execute("UPDATE configuration_news SET made = made + 1")
        database.close()

    def fleet(self, *words):
        run = subprocess.run([*BOUND, FLEET, *(str(word) for word in words)], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(f"{' '.join(map(str, words[:2]))}: {run.stderr[-600:]}")
        return run.stdout

    def gateways(self, mode, at_once, amount, path=CONFIG, count=None, port=None):
        """Runs the tool; its figures, with the server's processor time for each request and its memory."""
        command = [TOOLS / "gateways", mode, port or self.port, self.authority, count or self.devices, at_once, amount, path, self.tokens]
        before = usage(self.server.pid)["cpu_s"]
        run = subprocess.run([*BOUND, *(str(word) for word in command)], capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(run.stderr[-400:])
        result, after = json.loads(run.stdout), usage(self.server.pid)
        if result["failed"] or result["answers_4xx"] or result["answers_5xx"]:
            print(f"    {mode}: {run.stdout.strip()} {run.stderr[-400:]}", flush=True)
        return {**result, "server_us": (after["cpu_s"] - before) * 1e6 / max(1, result["requests"]), "server_mb": after["VmRSS"] / 1024,
                "private_mb": after["RssAnon"] / 1024, "lost": result["failed"] + result["answers_4xx"] + result["answers_5xx"]}


@contextlib.contextmanager
def door(devices):
    with Rig() as rig:
        yield Door(rig, devices)


def one_enrolment(at):
    """`amphora-gateway enroll` of one gateway, with all that a start of a program costs."""
    added = at.fleet("devices", "add", "lone-gateway", "--store", at.store)
    token = next(line.split()[-1] for line in added.splitlines() if line.startswith("token"))
    with tempfile.TemporaryDirectory(dir=at.rig.folder) as folder:
        began = time.monotonic()
        run = subprocess.run([*BOUND, GATEWAY, "enroll", "--fleet", f"https://127.0.0.1:{at.port}", "--gateway", "lone-gateway", "--token", "-",
                              "--ca", at.authority / "root.pem", "--identity", pathlib.Path(folder) / "identity"],
                             input=token + "\n", capture_output=True, text=True)
        seconds = time.monotonic() - began
    if run.returncode:
        raise RuntimeError(run.stderr[-400:])
    at.fleet("devices", "remove", "lone-gateway", "--store", at.store)
    return seconds


def floor_of_handshakes(at, seconds):
    """The same handshakes with `openssl s_server`, one thread in C that looks nothing up."""
    port = rigs.free_port()
    server = at.rig.start(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet", "-cert", at.authority / "fleet.pem", "-key",
                           at.authority / "fleet.key", "-verify", "3", "-CAfile", at.authority / "authorities.pem"],
                          first=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(lambda: rigs.can_connect(port), 10, "openssl s_server")
    spent = usage(server.pid)["cpu_s"]
    result = at.gateways("fresh", 8, seconds, "/", 500, port)
    return {**result, "server_us": (usage(server.pid)["cpu_s"] - spent) * 1e6 / max(1, result["requests"]),
            "server_mb": usage(server.pid)["VmRSS"] / 1024, "private_mb": usage(server.pid)["RssAnon"] / 1024}


def change_for_all(at):
    """From the command that changes what all run on to the last offer, with gateways that ask meanwhile."""
    at.interval += 1  # a content that was never on offer before
    spent, began = usage(at.server.pid)["cpu_s"], time.monotonic()
    at.fleet("config", "set", "--store", at.store, f"telemetry.interval_s={at.interval}")
    kept = time.monotonic()
    at.rig.start([TOOLS / "gateways", "paced", at.port, at.authority, 100, 33, 10, CONFIG], first=False, stdout=subprocess.DEVNULL)
    reader = sqlite3.connect(f"file:{at.rig.folder}/fleet.db?mode=ro", uri=True, timeout=10)
    try:
        wait_for(lambda: reader.execute("SELECT count(*) FROM configuration_offer WHERE config LIKE ?",
                                        (f'%"interval_s":{at.interval}%',)).fetchone()[0] >= at.devices, 60, "an offer for all")
    finally:
        reader.close()
    ended = time.monotonic()
    return {"command_s": kept - began, "offers_s": ended - kept, "all_s": ended - began, "server_cpu_s": usage(at.server.pid)["cpu_s"] - spent}


REQUESTS = [("per_s", "a second", 0), ("p50_ms", "p50 ms", 2), ("p99_ms", "p99 ms", 2), ("max_ms", "longest ms", 0),
            ("handshakes_s", "handshakes/s", 0), ("server_us", "server CPU µs each", 0), ("tool_us", "tool CPU µs each", 0),
            ("server_mb", "server RSS MB", 0), ("private_mb", "private MB", 0), ("lost", "failed", 0)]


def doors(report, priority, rounds, quick):
    seconds = 3 if quick else 10
    herd = 10 if quick else 30
    many = 2000 if quick else MANY
    with door(many) as at:
        at.gateways("fresh", 1, 0.5, count=1)  # offers are made with the first poll
        first = report.rotate([(f"{many} gateways within {herd} s, new to the server", lambda: at.gateways("paced", round(many / herd), herd * 1.1))], 1)
        asked = report.rotate([
            ("polls, 304, 16 kept connections", lambda: at.gateways("kept", 16, seconds, count=16)),
            ("floor: GET csrattrs, 204, 16 kept", lambda: at.gateways("kept", 16, seconds, "/.well-known/est/csrattrs", count=16)),
            ("polls, a connection each, 32 at once", lambda: at.gateways("fresh", 32, seconds)),
            ("floor: GET csrattrs, a connection each", lambda: at.gateways("fresh", 32, seconds, "/.well-known/est/csrattrs")),
            ("floor: openssl s_server, one thread", lambda: floor_of_handshakes(at, seconds)),
            (f"{many} gateways, each every 300 s", lambda: at.gateways("paced", round(many / 300), seconds * 2)),
            (f"{many} gateways within {herd} s, known", lambda: at.gateways("paced", round(many / herd), herd)),
        ], rounds)
        report.table("polls for configuration over mTLS; the tool, one thread, shares the cores", {**first, **asked}, REQUESTS)
        changes = report.rotate([(f"config set for {many} gateways", lambda: change_for_all(at))], rounds)
        report.table("a change for all, until every offer is kept", changes, [
            ("command_s", "the command s", 2), ("offers_s", "then offers s", 2), ("server_cpu_s", "server CPU s", 2)])
        alone = report.rotate([("amphora-gateway enroll", lambda: {"seconds": one_enrolment(at)})], rounds)
        report.table("one gateway enrols", alone, [("seconds", "s", 3)])

    def enrol():
        with door(many // 10) as fresh:
            return fresh.gateways("enrol", 8, fresh.devices, "/.well-known/est/simpleenroll")
    enrolled = report.rotate([("tokens, a connection each, 8 at once", enrol)], rounds)
    report.table("enrolments: SQLite, the authority's folder", enrolled, REQUESTS)

    rate = median(next(iter(asked.values())), "per_s")
    report.bar("3000 polls/s over kept connections ÷ measured", 3000 / rate if rate else None, 1)
    report.bar(f"{many} gateways within {herd} s, new to the server: p99", median(next(iter(first.values())), "p99_ms"), 1000, " ms", 0)
    lost = [row["lost"] for rows in (*first.values(), *asked.values()) for row in rows]
    report.bar("requests that failed", sum(lost) if lost else None, 0, "", 0)
    report.bar("a change for all is on offer", median(next(iter(changes.values())), "all_s"), 5, " s", 2)
    report.bar("one gateway enrols", median(next(iter(alone.values())), "seconds"), 1, " s", 3)
