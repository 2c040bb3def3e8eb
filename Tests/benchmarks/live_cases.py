"""How soon those who look see what a gateway sends, and what a thousand of them cost."""

import hashlib
import json
import os
import pathlib
import subprocess
import time

from api_cases import server
from fleet_cases import FLEET, SIM
from history_cases import database
from report import median
from rig import PYTHON, REAL_TIME, Rig, free_port, usage, wait_for

LISTENERS = pathlib.Path(__file__).resolve().parent / "peers" / "listeners.py"
GATEWAYS = 2000
# one stream for each phone of an owner, and five for each desk: the fleet and four houses
OWNERS, OPERATORS, HOUSES = 900, 20, 4


def listeners(run):
    """Owners with a house each, and operators of the tenant; who listens to what, as pairs of a token and a gateway."""
    now = int(time.time() * 1000)
    names = [f"gw-{number:04}" for number in range(1, GATEWAYS + 1)]
    people = [(f"owner-{number}", "owner", [names[number]]) for number in range(OWNERS)]
    people += [(f"desk-{number}", "operator", [None, *names[OWNERS + number * HOUSES:OWNERS + (number + 1) * HOUSES]]) for number in range(OPERATORS)]

    def insert(table, rows):
        for first in range(0, len(rows), 500):  # a word on a command line has 128 KiB at most
            run(f"INSERT INTO {table} VALUES " + ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows[first:first + 500]))
    insert("tenant_gateway (gateway, tenant)", [(name, "north") for name in names])
    insert("fleet_user (name, tenant, role, password, created_ms)", [(name, "north", role, "", now) for name, role, _ in people])
    insert("gateway_viewer (viewer, gateway)", [(name, seen[0]) for name, role, seen in people if role == "owner"])
    insert("access_token (id, hash, owner, label, scopes, created_ms, expires_ms)", [
        (name, hashlib.sha256(token(name).encode()).hexdigest(), name, "", "read", now, now + 86_400_000) for name, _, _ in people])
    return [(token(name), gateway) for name, _, seen in people for gateway in seen]


def token(name):
    return "amphora_" + name


def used(pid):
    """Processor seconds of all threads that a process had."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def live_case(kind, seconds, by_broker, priority):
    """Gateways report into a store while all listen, to the server or, `by_broker`, to the broker without any store between."""
    with database(kind, priority) as (address, run), Rig(priority) as rig:
        port = rig.broker()
        broker = rig.processes[-1].pid
        if priority:
            subprocess.run(["chrt", "-a", "-r", "-p", "1", str(broker)], check=True)
        with server(address, priority) as (api, _, served):
            plan = listeners(run)
            (rig.folder / "plan").write_text(json.dumps(plan))
            log = open(rig.folder / "ingest.log", "w")
            ingest = rig.start([FLEET, "ingest", "--store", address, "--broker", f"127.0.0.1:{port}"], stdout=log, stderr=log).pid
            wait_for(lambda: "connected to the broker" in (rig.folder / "ingest.log").read_text(), 20, "ingest")
            fleet = rig.start([*REAL_TIME, SIM, "fleet", "--gateways", GATEWAYS, "--interval", "10", "--seconds", 600, "--broker", f"127.0.0.1:{port}",
                               "--ledger", rig.folder / "ledger"], first=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            time.sleep(20)  # all are connected and every gateway has been heard once
            judged = broker if by_broker else served
            before = usage(judged)["VmRSS"]
            words = ["mqtt", port] if by_broker else ["sse", api]
            ears = rig.start([*REAL_TIME, PYTHON, LISTENERS, *words, rig.folder / "plan"], first=False,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            line = ears.stdout.readline()
            if not line:
                raise RuntimeError("not all listeners heard something")
            opened = json.loads(line)
            pids = {"served": served, "broker": broker, "ingest": ingest}
            began, spent = time.monotonic(), {name: used(pid) for name, pid in pids.items()}
            time.sleep(seconds)
            took = time.monotonic() - began
            spent = {f"{name}_cpu": (used(pid) - spent[name]) / took * 100 for name, pid in pids.items()}
            resident = usage(judged)["VmRSS"]
            ears.stdin.write("\n")
            ears.stdin.flush()
            until = time.time() * 1000
            heard = json.loads(ears.communicate(timeout=60)[0])
            fleet.terminate()
            simulated = json.loads(fleet.communicate(timeout=60)[0].strip().splitlines()[-1])
            if heard["ended"] or simulated["faults"]:
                raise RuntimeError(f"{heard['ended']} streams ended, {simulated['faults']} faults: {heard['trouble']}")
            # what was made well before the end is missed when nobody heard it
            made = {}
            for line in (rig.folder / "ledger").read_text().splitlines():
                name, _, _, what, at = line.split()
                if what == "telemetry" and heard["from_ms"] <= int(at) < until - 2000:
                    made[name] = made.get(name, 0) + 1
            expected = sum(sum(made.values()) if gateway is None and by_broker else made.get(gateway, 0) for _, gateway in plan)
            return {**heard, **spent, "opened_s": opened["opened_s"], "rss_mb": resident / 1024, "own_kb": (resident - before) / len(plan),
                    "expected": expected, "missed": max(0, expected - heard["heard"]), "stored_p50": simulated["lag_ms"]["p50"],
                    "stored_p99": simulated["lag_ms"]["p99"]}


def live(report, priority, rounds, quick):
    seconds = 20 if quick else 60
    cases = {"amphora: SQLite": ("sqlite", seconds, False), "amphora: PostgreSQL": ("postgres", seconds, False),
             "subscribers at the broker": ("sqlite", seconds, True)}
    results = report.rotate([(name, lambda words=words: live_case(*words, priority)) for name, words in cases.items()], rounds)
    report.table(f"{OWNERS} owners with one stream and {OPERATORS} operators with {HOUSES + 1} while {GATEWAYS} gateways of 16 packs send a record each 10 s; "
                 "from its stamp to when it was read, all on these cores", results, [
                     ("opened_s", "all opened s", 1), ("refused", "told to come again", 0), ("heard", "records read", 0), ("missed", "missed", 0), ("p50", "p50 ms", 0), ("p99", "p99 ms", 0),
                     ("max", "longest ms", 0), ("stored_p50", "stored p50 ms", 0), ("rss_mb", "resident MB", 1),
                     ("own_kb", "a stream kB", 1), ("served_cpu", "serve CPU %", 1), ("ingest_cpu", "ingest CPU %", 1), ("broker_cpu", "broker CPU %", 1)])
    for name in cases:
        if name.startswith("amphora"):
            rows = results[name]
            report.bar(f"{name}: live to {OWNERS + OPERATORS * (HOUSES + 1)} streams, p99", median(rows, "p99"), 500, " ms", 0)
            report.bar(f"{name}: records that a stream missed", median(rows, "missed"), 0, "", 0)
