"""Figures from the outbox to the fleet's database: replay, ingest, many gateways."""

import contextlib
import glob
import json
import os
import pathlib
import random
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib

import outbox_cases
import rig as rigs
from job_cases import begin_outbox, megabytes
from report import median, ratio
from rig import BOUND, PYTHON, ROOT, TOOLS, Rig, usage, wait_for

FLEET = os.environ.get("AMPHORA_FLEET", "")
SIM = os.environ.get("AMPHORA_SIM", "")

LIVE = """
import json, sys, time, paho.mqtt.client as mqtt
ages, count = [], 0
def message(client, data, m):
    global count
    count += 1
    if b'"monotonic_ms":' in m.payload[:400]:
        stamp = json.loads(m.payload)["time"]["monotonic_ms"]
        ages.append(time.monotonic() * 1000 - stamp)
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_message = message
client.on_connect = lambda c, *_: c.subscribe("amphora/v1/+/up/telemetry", 0)
client.connect(sys.argv[1], int(sys.argv[2]))
client.loop_start()
sys.stdin.readline()
print(json.dumps({"ages": ages, "count": count}))
"""


def span(path):
    """The lowest and the highest number that wait; quick however many there are."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute("SELECT (SELECT min(sequence) FROM record), (SELECT max(sequence) FROM record)").fetchone()
    finally:
        connection.close()


def replay_case(records, seconds, delay=0, watch_live=False):
    """A gateway with a backlog: how fast it drains, what memory it takes, how old live records are."""
    with Rig() as rig:
        bus = rig.bus(115200)
        begin_outbox(rig, bus)
        if records:
            rig.fill_outbox(records, 600)
        near, far = (rigs.NEAR, rigs.FAR) if delay else ("127.0.0.1", "127.0.0.1")
        if delay:
            rig.distance(delay / 2)
        port = rig.broker(address=near)
        live = None
        if watch_live:
            live = rig.start([PYTHON, "-c", LIVE, near, port], first=False, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            time.sleep(1)
        first = span(rig.folder / "outbox.db")[0] or 0
        process = rig.gateway(bus, 115200, port, host=far)
        peak, samples, end = 0, [], time.monotonic() + 3 + seconds
        while time.monotonic() < end:
            time.sleep(0.1)
            lowest = span(rig.folder / "outbox.db")[0]
            samples.append((time.monotonic(), (lowest or first + records) - first))
            peak = max(peak, usage(process.pid)["RssAnon"])
        # neither the beginning nor the end, to which a distant broker may not come
        middle = [sample for sample in samples if min(records * 0.02, 2000) < sample[1] < records * 0.9] or samples[-2:]
        drained = (middle[-1][1] - middle[0][1]) / max(0.1, middle[-1][0] - middle[0][0])
        result = {"drained_s": drained, "private_kb": peak, "left": records - samples[-1][1]}
        if live:
            live.stdin.write("\n")
            live.stdin.flush()
            ages = json.loads(live.stdout.readline())["ages"][3:]  # the first ones waited for the connection
            if not ages:
                raise RuntimeError("no live record was seen: " + rig.complaint())
            result.update(live_p50_ms=statistics.median(ages), live_max_ms=max(ages), ages=ages, live_n=len(ages))
        return result


def day_case(records, rate=None):
    """So many records of 16 packs, as they lie in the outbox, with the default pace; how long they take."""
    with Rig() as rig:
        bus = rig.bus(115200)
        begin_outbox(rig, bus)
        body = json.dumps(json.loads((ROOT / "Tests" / "benchmarks" / "record.json").read_text()), separators=(",", ":")).encode()
        packed = zlib.compress(body, 6)
        with sqlite3.connect(rig.folder / "outbox.db") as database:
            top = database.execute("SELECT coalesce(max(sequence), 0) FROM record").fetchone()[0]
            database.executemany("INSERT INTO record(sequence, class, wall_ms, payload, size) VALUES(?, 0, 0, ?, ?)",
                                 ((top + number, packed, len(body)) for number in range(1, records + 1)))
        near, far = (rigs.NEAR, rigs.FAR) if rate else ("127.0.0.1", "127.0.0.1")
        port = rigs.free_port()
        if rate:
            rig.distance(10, 0, rate, port)
        rig.broker(port, near)
        live = rig.start([PYTHON, "-c", LIVE, near, port], first=False, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        process, began = rig.gateway(bus, 115200, port, host=far, backlog_rate=200), time.monotonic()
        while (span(rig.folder / "outbox.db")[0] or top + records + 1) <= top + records:
            time.sleep(0.1)
            if time.monotonic() - began > 1500:
                raise RuntimeError("the day did not drain: " + rig.complaint())
        seconds = time.monotonic() - began
        live.stdin.write("\n")
        live.stdin.flush()
        ages = [age for age in json.loads(live.stdout.readline())["ages"] if age < 600_000][3:]
        return {"seconds": seconds, "day_s": seconds * 8640 / records, "live_max_ms": max(ages, default=None), "peak": usage(process.pid)["RssAnon"]}


def far_peer_case(delay):
    """What the same way does to C: one at a time gives the true round trip, a hundred the rate."""
    with Rig() as rig:
        bus = rig.bus(115200)
        begin_outbox(rig, bus)
        rig.fill_outbox(50_000, 600)
        rig.distance(delay / 2)
        port = rig.broker(address=rigs.NEAR)
        peer = [TOOLS / "drain_outbox", rig.folder / "outbox.db", port]
        single = outbox_cases.run([*peer, 1, 1, 1000, 3, rigs.FAR])
        return {**outbox_cases.run([*peer, 100, 16, 1000, 4, rigs.FAR]), "round_trip_ms": 1000 / single["drained_s"]}


def peer_case(records, seconds):
    with Rig() as rig:
        bus = rig.bus(115200)
        begin_outbox(rig, bus)
        rig.fill_outbox(records, 600)
        port = rig.broker()
        return outbox_cases.run([TOOLS / "drain_outbox", rig.folder / "outbox.db", port, 100, 50, 1000, seconds])


def bridge_case(records):
    """What people use instead: a broker at home that keeps them in memory and bridges to the one far away."""
    with Rig() as rig:
        home, away = rigs.free_port(), rigs.free_port()
        mosquitto = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        lines = rig.folder / "lines"
        lines.write_text("\n".join(
            f'{{"gateway":"gw-{number % 16}","filler":"' + "x" * 560 + '"}' for number in range(records)) + "\n")
        common = "allow_anonymous true\npersistence false\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_dest none\n"
        (rig.folder / "home.conf").write_text(
            f"listener {home} 127.0.0.1\n{common}connection away\naddress 127.0.0.1:{away}\ntopic # out 1\n"
            "cleansession false\nrestart_timeout 1\nmax_inflight_messages 100\nnotifications false\n")
        (rig.folder / "away.conf").write_text(f"listener {away} 127.0.0.1\n{common}max_inflight_messages 0\n")
        rig.start([mosquitto, "-c", rig.folder / "home.conf"], first=False, stderr=subprocess.DEVNULL)
        wait_for(lambda: rigs.can_connect(home), 5, "the broker at home")
        subprocess.run([*BOUND, TOOLS / "flood", str(home), lines, "1000"], check=True, stdout=subprocess.DEVNULL, timeout=120)
        rig.start([mosquitto, "-c", rig.folder / "away.conf"], first=False, stderr=subprocess.DEVNULL)
        wait_for(lambda: rigs.can_connect(away), 5, "the broker far away")
        counter = rig.start([TOOLS / "count", away, records], first=False, stdout=subprocess.PIPE, text=True)
        return json.loads(counter.communicate(timeout=120)[0])


def replay(report, priority, rounds, quick):
    records, seconds = (300_000, 5) if quick else (1_000_000, 10)
    results = report.rotate([
        ("amphora", lambda: replay_case(records, seconds)),
        ("C, the same database, window and batches", lambda: peer_case(records, seconds)),
        ("a mosquitto bridge, in memory", lambda: bridge_case(100_000))], rounds)
    report.table(f"draining {records} records of 600 bytes, window 100, each freed on disk", results, [
        ("drained_s", "records/s", 0), ("private_kb", "RssAnon kB", 0), ("cpu_us", "CPU µs a record", 1)])
    ours, peer, bridge = (median(rows, "drained_s") for rows in results.values())
    report.bar("drain: C ÷ amphora, records/s", ratio(peer, ours), 1 / 0.9)
    report.bar("drain: mosquitto bridge ÷ amphora, records/s", ratio(bridge, ours), 1)
    report.bar("private memory while draining", megabytes(results["amphora"]), 10, " MB", 2)
    results = report.rotate([
        ("nothing waits", lambda: replay_case(0, seconds, watch_live=True)),
        (f"{records} wait", lambda: replay_case(records, seconds, watch_live=True)),
        (f"{records} wait, 50 ms away", lambda: replay_case(records, seconds, delay=50, watch_live=True)),
        ("C, 50 ms away", lambda: far_peer_case(50))], rounds)
    report.table("age of live records at a subscriber, from their stamp", results, [
        ("live_p50_ms", "p50 ms", 1), ("live_max_ms", "oldest ms", 1), ("live_n", "records", 0), ("drained_s", "records freed a second", 0),
        ("round_trip_ms", "round trip ms", 1)])
    idle, busy = (median(rows, "live_max_ms") for rows in list(results.values())[:2])
    report.bar("oldest live record while draining", busy, 2000, " ms", 0)
    report.bar("live records held up by the drain", None if busy is None or idle is None else busy - idle, 50, " ms", 1)
    far, peer = list(results.values())[2:]
    trip = median(peer, "round_trip_ms")
    report.bar("50 ms away: window ÷ round trip ÷ records/s", ratio(100 / (trip / 1000) if trip else None, median(far, "drained_s")), 1 / 0.95)


def day(report, priority, rounds, quick):
    part = 432 if quick else 8640
    results = report.rotate([
        ("a day on loopback, default pace", lambda: day_case(8640)),
        (f"{part} records at 1 Mbit/s", lambda: day_case(part, 125_000))], 1)
    report.table("a day of records of 16 packs, one each 10 s", results, [
        ("seconds", "s", 1), ("day_s", "for a whole day, s", 0), ("live_max_ms", "oldest live record ms", 0)])
    near, narrow = results.values()
    report.bar("a day's backlog on loopback", median(near, "day_s"), 60, " s", 1)
    report.bar("a day's backlog at 1 Mbit/s", median(narrow, "day_s"), 900, " s", 0)
    report.bar("oldest live record at 1 Mbit/s", median(narrow, "live_max_ms"), 2000, " ms", 0)


@contextlib.contextmanager
def postgres(priority=()):
    """A server of our own in a temporary folder; as root it runs as the user postgres."""
    binaries = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-bench."))
    user = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    port = rigs.free_port()
    subprocess.run([*user, binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "fleet"], check=True, capture_output=True, cwd="/")
    server = subprocess.Popen([*BOUND, *priority, *user, binaries / "postgres", "-D", folder / "data", "-p", str(port), "-k", "", "-h", "127.0.0.1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        wait_for(lambda: subprocess.run([binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], capture_output=True).returncode == 0, 20, "PostgreSQL")
        yield f"postgres://fleet@127.0.0.1:{port}/postgres", lambda sql: subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(port), "-U", "fleet", "-d", "postgres", "-Atc", sql], capture_output=True, text=True).stdout.strip()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def flood_file(path, records, gateways, trusted=True, packs=16):
    """Records as the gateway writes them, made from recorded ones with keys of their own."""
    random.seed(9)
    base = json.loads((ROOT / "Tests" / "benchmarks" / "record.json").read_text())
    base["packs"] = base["packs"][:packs]
    with open(path, "w") as file:
        for number in range(records):
            base["gateway"] = f"bench-{number % gateways:03}"
            base["epoch"], base["seq"] = 77, number // gateways + 1
            base["time"].update(trusted=trusted, monotonic_ms=number * 10)
            for pack in base["packs"]:
                pack["cells_mv"][random.randrange(16)] = 3250 + random.randrange(100)
            file.write(json.dumps(base, separators=(",", ":")) + "\n")


def ingest_case(store, count, flood, records, workers=1, rows=1000):
    with Rig() as rig:
        port = rig.broker()
        log = open(rig.folder / "ingest.log", "w")
        if store == "sqlite":
            store = f"sqlite:{rig.folder / 'fleet.db'}"
            count = sqlite_count(rig)
        process = rig.start([FLEET, "ingest", "--store", store, "--broker", f"127.0.0.1:{port}", "--workers", workers, "--batch-rows", rows], first=False, stdout=log, stderr=log)
        wait_for(lambda: (rig.folder / "ingest.log").read_text().count("connected to the broker") >= workers, 20, "ingest")
        time.sleep(0.5)
        before, began = usage(process.pid)["cpu_s"], time.monotonic()
        stored = int(count())
        sender = rig.start([TOOLS / "flood", port, flood, 1000], first=False, stdout=subprocess.DEVNULL)
        while int(count()) - stored < records:
            time.sleep(0.05 if store.startswith("sqlite") else 0.4)  # asking costs a psql and a count
            if time.monotonic() - began > 120:
                raise RuntimeError(f"only {int(count()) - stored} of {records} were stored")
        seconds = time.monotonic() - began
        sender.wait(10)
        return {"rows_s": records * 17 / seconds, "records_s": records / seconds,
                "cpu_us_row": (usage(process.pid)["cpu_s"] - before) * 1e6 / (records * 17)}


def untrusted_case(store, count, flood, records, part=5000):
    """One gateway whose clock nobody ever set: records/s of the first and of the last of them."""
    with Rig() as rig:
        port = rig.broker()
        log = open(rig.folder / "ingest.log", "w")
        if store == "sqlite":
            store = f"sqlite:{rig.folder / 'fleet.db'}"
            count = sqlite_count(rig)
        rig.start([FLEET, "ingest", "--store", store, "--broker", f"127.0.0.1:{port}", "--batch-rows", 512], first=False, stdout=log, stderr=log)
        wait_for(lambda: "connected to the broker" in (rig.folder / "ingest.log").read_text(), 20, "ingest")
        rig.start([TOOLS / "flood", port, flood, 1000], first=False, stdout=subprocess.DEVNULL)
        seen = [(time.monotonic(), int(count()))]
        while seen[-1][1] < records:
            time.sleep(0.05)
            seen.append((time.monotonic(), int(count())))
            if seen[-1][0] - seen[0][0] > 240:
                raise RuntimeError(f"only {seen[-1][1]} of {records} were stored")

        def rate(low, high):
            below = max((at for at in seen if at[1] <= low), key=lambda at: at[1])
            above = min((at for at in seen if at[1] >= high), key=lambda at: at[1])
            return (above[1] - below[1]) / (above[0] - below[0])
        return {"first_s": rate(0, part), "last_s": rate(records - part, records), "slower": rate(0, part) / rate(records - part, records)}


def sqlite_count(rig):
    def count():
        with sqlite3.connect(f"file:{rig.folder}/fleet.db?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute("SELECT count(*) FROM record").fetchone()[0]
    return count


def by_hand_case(flood, records):
    """The same records into SQLite by a subscriber in C."""
    with Rig() as rig:
        port = rig.broker()
        process = rig.start([TOOLS / "ingest_mqtt", port, rig.folder / "peer.db", records, 1000], first=False, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the subscriber in C did not come up")
        rig.start([TOOLS / "flood", port, flood, 1000], first=False, stdout=subprocess.DEVNULL)
        return json.loads(process.communicate(timeout=120)[0])


def peer_rows(command, pattern):
    text = subprocess.run([*BOUND, *(str(word) for word in command)], capture_output=True, text=True, check=True).stdout
    return {"rows_s": float(re.search(pattern, text).group(1))}


def ingest(report, priority, rounds, quick):
    records, gateways = (4000, 20) if quick else (12_000, 20)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-bench.", dir=TOOLS))
    try:
        flood = folder / "records"
        flood_file(flood, records, gateways)
        number = iter(range(1, 1000))
        results = report.rotate([
            ("amphora: MQTT, JSON, SQLite", lambda: ingest_case("sqlite", None, flood, records)),
            ("C by hand: MQTT, scanned JSON, SQLite", lambda: by_hand_case(flood, records)),
            ("C: the rows alone into SQLite", lambda: peer_rows(
                [TOOLS / "ingest_sqlite", folder / f"{next(number)}.db", records // 60, gateways, 60, 5], r"([\d.]+) rows/s"))], rounds)
        report.table("16-pack records, 17 rows each, into SQLite", results, [
            ("rows_s", "rows/s", 0), ("records_s", "records/s", 0), ("cpu_us_row", "CPU µs a row", 2)])
        ours, peer, _ = (median(rows, "rows_s") for rows in results.values())
        report.bar("MQTT to SQLite: C by hand ÷ amphora, rows/s", ratio(peer, ours), 2.0)

        def server_case(workers):
            with postgres() as (address, query):
                return ingest_case(address, lambda: query("SELECT count(*) FROM record") or 0, flood, records, workers)

        def server_peer():
            with postgres() as (address, _):
                return peer_rows([TOOLS / "ingest_postgres", address, records // 60, gateways, 60, 5], r"([\d.]+) in all")
        results = report.rotate([
            ("amphora, one worker", lambda: server_case(1)), ("amphora, two workers", lambda: server_case(2)),
            ("C: COPY and INSERT … ON CONFLICT alone", server_peer)], rounds)
        report.table("the same into PostgreSQL", results, [
            ("rows_s", "rows/s", 0), ("records_s", "records/s", 0), ("cpu_us_row", "CPU µs a row", 2)])
        one, two, peer = (median(rows, "rows_s") for rows in results.values())
        report.bar("MQTT to PostgreSQL: bare C ÷ amphora, rows/s, one worker", ratio(peer, one), 1 / 0.9)
        report.bar("PostgreSQL: one worker ÷ two, rows/s", ratio(one, two), 1.0)

        never, set_clock = folder / "untrusted", folder / "trusted"
        many = 30_000
        flood_file(never, many, 1, trusted=False, packs=2)
        flood_file(set_clock, many, 1, packs=2)

        def untrusted_server_case(flood):
            with postgres() as (address, query):
                return untrusted_case(address, lambda: query("SELECT count(*) FROM record") or 0, flood, many)
        results = report.rotate([
            ("SQLite, clock never set", lambda: untrusted_case("sqlite", None, never, many)),
            ("SQLite, clock set", lambda: untrusted_case("sqlite", None, set_clock, many)),
            ("PostgreSQL, clock never set", lambda: untrusted_server_case(never)),
            ("PostgreSQL, clock set", lambda: untrusted_server_case(set_clock))], rounds)
        report.table(f"{many} records of 2 packs of one gateway, the first 5000 and the last", results, [
            ("first_s", "first, records/s", 0), ("last_s", "last, records/s", 0), ("slower", "first ÷ last", 2)])
        for store in ("SQLite", "PostgreSQL"):
            unset, trusted = results[f"{store}, clock never set"], results[f"{store}, clock set"]
            report.bar(f"{store}: records without a time, first 5000 ÷ last, records/s", median(unset, "slower"), 1.3)
            report.bar(f"{store}: the last 5000, clock set ÷ never set", ratio(median(trusted, "last_s"), median(unset, "last_s")), 1.5)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fleet_case(gateways, seconds):
    with Rig() as rig:
        port = rig.broker()
        log = open(rig.folder / "ingest.log", "w")
        process = rig.start([FLEET, "ingest", "--store", f"sqlite:{rig.folder / 'fleet.db'}", "--broker", f"127.0.0.1:{port}"], first=False, stdout=log, stderr=log)
        wait_for(lambda: "connected to the broker" in (rig.folder / "ingest.log").read_text(), 20, "ingest")
        before = usage(process.pid)["cpu_s"]
        run = subprocess.run([*BOUND, SIM, "fleet", "--gateways", str(gateways), "--interval", "10", "--seconds", str(seconds),
                              "--broker", f"127.0.0.1:{port}"], capture_output=True, text=True)
        result = json.loads(run.stdout.strip().splitlines()[-1])
        if run.returncode:
            raise RuntimeError(run.stderr[-400:])
        made = result["made"]
        return {"made": made, "acknowledged": result["acknowledged"], "lag_p50": result["lag_ms"]["p50"], "lag_p99": result["lag_ms"]["p99"],
                "lag_max": result["lag_ms"]["max"], "ingest_us": (usage(process.pid)["cpu_s"] - before) * 1e6 / made}


def fleet(report, priority, rounds, quick):
    seconds = 20 if quick else 60
    results = report.rotate([("2000 gateways, one record each 10 s", lambda: fleet_case(2000, seconds))], 1 if quick else rounds)
    report.table("from making a record to the fleet's word, one broker, one ingest, all on these cores", results, [
        ("made", "records", 0), ("acknowledged", "acknowledged", 0), ("lag_p50", "p50 ms", 1), ("lag_p99", "p99 ms", 1),
        ("lag_max", "longest ms", 1), ("ingest_us", "ingest CPU µs a record", 0)])
    rows = next(iter(results.values()))
    report.bar("2000 gateways: lag p99", median(rows, "lag_p99"), 2000, " ms", 0)
