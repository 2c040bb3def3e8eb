"""Figures of the whole gateway: latency, jitter, processor time, memory, start, size."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

import rig as rigs
from line_cases import wire_cycle
from report import median, ratio
from rig import BASE_SET, GATEWAY, HERE, PYTHON, TOOLS, Rig, usage, wait_for


def megabytes(rows):
    kilobytes = median(rows, "private_kb")
    return None if kilobytes is None else kilobytes / 1024


def alive(process, rig):
    if process.poll() is not None:
        raise RuntimeError(f"the gateway ended: {rig.complaint()}")


def latency_case(priority, seconds, name):
    with Rig(priority) as rig:
        bus = rig.bus(115200, step=1)
        if name == "amphora":
            process = rig.gateway(bus, 115200, rig.broker(), cycle_ms=0, send_on_change="true")
        else:
            process = rig.start([TOOLS / "gateway", bus.line, "115200", bus.can, 0, "none", seconds + 30, "relay"])
        time.sleep(4)
        alive(process, rig)
        bus.phase()
        time.sleep(seconds)
        return bus.result()


def latency(report, priority, rounds, quick):
    names = ("amphora", "transport (C relay)")
    results = report.rotate([(name, lambda name=name: latency_case(priority, 5 if quick else 20, name)) for name in names], rounds)
    report.table("last byte of a reply → first CAN frame that carries it, 115200 baud, send on change", results, [
        ("latency_ms_n", "answers matched", 0), ("latency_ms_p50", "p50 ms", 3), ("latency_ms_p99", "p99 ms", 3),
        ("latency_ms_max", "longest ms", 3), ("coalesced", "skipped", 0)])
    ours, floor = (median(results[name], "latency_ms_p99") for name in names)
    report.bar("latency p99 above the transport's", None if ours is None or floor is None else ours - floor, 1.0, " ms")


def begin_outbox(rig, bus):
    """Lets the gateway make its database, then ends it."""
    process = rig.gateway(bus, 115200, rigs.free_port())
    try:
        wait_for(lambda: (rig.folder / "outbox.db").exists() and (rig.folder / "gateway.sock").exists(), 10, "the outbox")
    except TimeoutError as error:
        raise RuntimeError(f"{error}: {rig.complaint()}") from None
    time.sleep(1)
    process.terminate()
    process.wait(10)


def jitter_case(seconds, backlog):
    """At ordinary priority: with all its threads in one real-time class, a busy one would keep a
    core for a whole time slice of 100 ms, which no scheduler does to ordinary threads."""
    with Rig() as rig:
        bus = rig.bus(115200, cycle_ms=100)
        if backlog:
            begin_outbox(rig, bus)
            rig.fill_outbox(backlog, 600)
        port = rig.broker()
        process = rig.gateway(bus, 115200, port, profile="bench-100ms")
        time.sleep(3)
        alive(process, rig)
        bus.phase()
        before, began = rig.outbox_depth(), time.monotonic()
        time.sleep(seconds)
        result = bus.result()
        drained = before - rig.outbox_depth()
        return {**result, "drained_s": drained / (time.monotonic() - began), "left": rig.outbox_depth()}


def jitter(report, priority, rounds, quick):
    seconds = 5 if quick else 12
    results = report.rotate([
        ("amphora, outbox idle", lambda: jitter_case(seconds, 0)),
        ("amphora, outbox draining", lambda: jitter_case(seconds, 1_000_000))], rounds)
    report.table("period of six CAN frames every 100 ms against 100 ms", results, [
        ("jitter_ms_n", "frames", 0), ("jitter_ms_p50", "p50 ms", 3), ("jitter_ms_p99", "p99 ms", 3),
        ("jitter_ms_max", "longest ms", 3), ("drained_s", "records freed a second", 0), ("left", "left at the end", 0)])
    report.bar("send jitter p99 while draining", median(results["amphora, outbox draining"], "jitter_ms_p99"), 1.0, " ms")


def watch(process, seconds):
    """Settles for a third of the time and measures the rest."""
    time.sleep(seconds / 3)
    before, began = usage(process.pid), time.monotonic()
    time.sleep(seconds * 2 / 3)
    after, span = usage(process.pid), time.monotonic() - began
    return {"cpu_ms_s": (after["cpu_s"] - before["cpu_s"]) / span * 1e3, "switches_s": (after["switches"] - before["switches"]) / span,
            "threads": after["threads"], "private_kb": after["RssAnon"], "resident_kb": after["VmRSS"]}


def job_case(name, seconds):
    with Rig() as rig:
        bus, port = rig.bus(115200), rig.broker()
        received = open(rig.folder / "received", "w")
        rig.start(["mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-V", "mqttv5", "-q", "1", "-t", "#", "-F", "%t %l"], first=False, stdout=received)
        words = [bus.line, "115200", bus.can, port, rig.folder / "peer.db", seconds + 30]
        if name == "amphora":
            process = rig.gateway(bus, 115200, port)
        elif name == "C":
            process = rig.start([TOOLS / "gateway", *words], stderr=subprocess.DEVNULL)
        else:
            dbc = BASE_SET / "inverters" / "pylontech-lv-1.2" / "frames.dbc"
            process = rig.start([PYTHON, HERE / "peers" / "gateway.py", *words, dbc])
        time.sleep(3)
        if process.poll() is not None:
            raise RuntimeError(f"{name} ended early {rig.complaint()}")
        bus.phase()
        result = watch(process, seconds)
        judged = bus.result()
        sizes = [int(line.rsplit(" ", 1)[1]) for line in (rig.folder / "received").read_text().splitlines() if "telemetry" in line]
        return {**result, "requests_s": judged["requests_s"], "violations": judged["violations"], "frames_s": judged["frames"] / judged["span_s"],
                "records": len(sizes), "record_bytes": sum(sizes) / max(1, len(sizes))}


def job(report, priority, rounds, quick):
    seconds = 15 if quick else 30
    results = report.rotate([(name, lambda name=name: job_case(name, seconds)) for name in ("amphora", "C", "Python")], rounds)
    report.table("the whole job: 48 reads, six frames and one record a second, outbox FULL, QoS 1 (ordinary priority)", results, [
        ("cpu_ms_s", "CPU ms/s", 2), ("private_kb", "RssAnon kB", 0), ("threads", "threads", 0), ("switches_s", "switches/s", 0),
        ("requests_s", "reads/s", 1), ("frames_s", "frames/s", 1), ("records", "messages", 0), ("record_bytes", "bytes each", 0), ("violations", "silences broken", 0)])
    ours = median(results["amphora"], "cpu_ms_s")
    report.bar("job: CPU ÷ C", ratio(ours, median(results["C"], "cpu_ms_s")), 2)
    report.bar("job: CPU ÷ Python", ratio(ours, median(results["Python"], "cpu_ms_s")), 0.3)
    report.bar("job: RssAnon", megabytes(results["amphora"]), 6, " MB", 2)


def backlog_case(records, away, seconds):
    with Rig() as rig:
        bus = rig.bus(115200)
        begin_outbox(rig, bus)
        if records:
            rig.fill_outbox(records, 250)
        port = rigs.free_port()
        if not away:
            rig.broker(port)
        process = rig.gateway(bus, 115200, port)
        result = watch(process, seconds)
        alive(process, rig)
        return {**result, "depth": rig.outbox_depth()}


def drain(report, priority, rounds, quick):
    records, seconds = (200_000, 9) if quick else (1_000_000, 15)
    results = report.rotate([
        ("amphora, empty outbox, broker away", lambda: backlog_case(0, True, seconds)),
        (f"amphora, {records} records, broker away", lambda: backlog_case(records, True, seconds)),
        (f"amphora, {records} records, draining", lambda: backlog_case(records, False, seconds))], 1 if quick else rounds)
    report.table("private memory over a backlog", results, [
        ("private_kb", "RssAnon kB", 0), ("cpu_ms_s", "CPU ms/s", 1), ("threads", "threads", 0), ("depth", "records left", 0)])
    names = list(results)
    empty, full, draining = (megabytes(results[name]) for name in names)
    report.bar(f"RssAnon with {records} records waiting", full, 6, " MB", 2)
    report.bar("RssAnon with the backlog ÷ without", ratio(full, empty), 1.1)
    report.bar("RssAnon while draining", draining, 6, " MB", 2)


def open_case(records):
    """How long the gateway takes from exec until it has stored its first record and talks of it."""
    with Rig() as rig:
        bus = rig.bus(115200)
        begin_outbox(rig, bus)
        if records:
            rig.fill_outbox(records, 40)
        subprocess.run(["sh", "-c", "cat outbox.db > /dev/null"], cwd=rig.folder, check=True)
        words = [GATEWAY, "outbox", "status", "--json", "--config", rig.folder / "gateway.toml"]
        before = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)["next_seq"]
        process, began = rig.gateway(bus, 115200, rigs.free_port()), time.monotonic()
        with sqlite3.connect(f"file:{rig.folder}/outbox.db?mode=ro", uri=True, timeout=10) as reader:
            wait_for(lambda: reader.execute("SELECT max(sequence) FROM record").fetchone()[0] >= before, 30, "the first record")
        result = {"open_s": time.monotonic() - began}
        alive(process, rig)
        asked = time.monotonic()
        subprocess.run(words, check=True, capture_output=True)
        return {**result, "status_s": time.monotonic() - asked}


def start_case(priority, name):
    with Rig(priority) as rig:
        bus, port = rig.bus(0), rig.broker()
        began = time.clock_gettime(time.CLOCK_MONOTONIC)
        if name == "amphora":
            process = rig.gateway(bus, 0, port)
        else:
            process = rig.start([TOOLS / "gateway", bus.line, "115200", bus.can, port, rig.folder / "peer.db", "5"], stderr=subprocess.DEVNULL)
        time.sleep(2)
        alive(process, rig)
        result = bus.result()
        if not result["frames"]:
            raise RuntimeError("no CAN frame came")
        return {"first_frame_s": result["first_frame_at"] - began}


def start(report, priority, rounds, quick):
    results = report.rotate([(name, lambda name=name: start_case(priority, name)) for name in ("amphora", "C")], max(3, rounds))
    report.table("exec to first CAN frame, packs answer at once", results, [("first_frame_s", "first frame s", 4)])
    # both sleep until an answer is due by the baud rate, so one poll takes its wire time
    report.bar("exec to first CAN frame", median(results["amphora"], "first_frame_s"), 0.5 + wire_cycle(115200), " s")
    many = 1_000_000 if quick else 10_000_000
    results = report.rotate([("nothing waits", lambda: open_case(0)), (f"{many} records wait", lambda: open_case(many))], 1 if quick else rounds)
    report.table("exec to the first stored record, and outbox status", results, [("open_s", "stored s", 3), ("status_s", "status s", 3)])
    empty, full = (median(rows, "open_s") for rows in results.values())
    report.bar(f"start with {many} records waiting, beyond that with none", None if empty is None or full is None else full - empty, 0.2, " s")
    stripped = pathlib.Path(TOOLS) / "amphora-gateway.stripped"
    shutil.copy(GATEWAY, stripped)
    subprocess.run(["strip", stripped], check=True)
    report.bar("static stripped binary", os.path.getsize(stripped) / 1e6, 35, " MB", 1)
