"""Figures of the Modbus line: poll cycle and the cost of a dead pack."""

import json
import subprocess
import time

from report import median, ratio
from rig import BLOCKS, HERE, PACKS, PYTHON, TOOLS, Rig, usage

CLIENTS = ("libmodbus", "pymodbus", "pymodbus-async", "minimalmodbus")
CYCLE_FIELDS = [
    ("x_wire", "cycle ÷ wire limit", 4), ("x_wire_max", "longest ÷ limit", 4), ("cycle_s", "cycle s", 4),
    ("violations", "silences broken", 0), ("requests", "requests", 0), ("failed", "failed", 0), ("cpu_us", "CPU µs a read (whole program)", 0)]


def client_command(name, device, baud, cycles, blocks):
    words = ",".join(f"{address}:{count}" for address, count in blocks)
    program = [TOOLS / "poll_libmodbus"] if name == "libmodbus" else [PYTHON, HERE / "peers" / "poll_python.py", name]
    return [*program, device, baud, cycles, PACKS, words]


def run_client(priority, name, baud, cycles, blocks=BLOCKS, **bus_options):
    with Rig(priority) as rig:
        bus = rig.bus(baud, **bus_options)
        command = client_command(name, bus.line, baud, cycles, blocks)
        # one cycle more than asked: the bus counts from one first request to the next
        done = subprocess.run(priority + [str(word) for word in command], capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-300:])
        return {**json.loads(done.stdout.splitlines()[-1]), **bus.result()}


def wire_cycle(baud, blocks=BLOCKS, gap=0.0):
    """Seconds one cycle of 16 packs takes at best."""
    character = 10 / baud
    silence = 3.5 * character if baud <= 19200 else 0.00175
    return PACKS * sum((13 + 2 * count) * character + silence + max(silence, gap) for _, count in blocks)


def run_gateway(priority, baud, cycles, map_name="bench-82", limit=None, **bus_options):
    limit = limit or wire_cycle(baud)
    with Rig(priority) as rig:
        bus = rig.bus(baud, **bus_options)
        process = rig.gateway(bus, baud, rig.broker(), map=map_name, cycle_ms=0)
        time.sleep(1 + 1.5 * limit)
        if process.poll() is not None:
            raise RuntimeError(rig.complaint())
        bus.phase()
        before = usage(process.pid)
        time.sleep(limit * (cycles + 1.2))
        after = usage(process.pid)
        result = bus.result()
        result["cpu_us"] = (after["cpu_s"] - before["cpu_s"]) / max(1, result["requests"]) * 1e6
        return result


def poll(report, priority, rounds, quick):
    for baud, cycles in ((9600, 2 if quick else 4), (115200, 8 if quick else 20)):
        cases = [("amphora", lambda: run_gateway(priority, baud, cycles))]
        cases += [(name, lambda name=name: run_client(priority, name, baud, cycles + 1)) for name in CLIENTS]
        results = report.rotate(cases, rounds)
        report.table(f"poll cycle of {PACKS} packs, {len(BLOCKS)} blocks each, {baud} baud", results, CYCLE_FIELDS)
        report.bar(f"poll {baud}: cycle ÷ wire limit", median(results["amphora"], "x_wire"), 1.01, digits=4)
        report.bar(f"poll {baud}: silences broken", median(results["amphora"], "violations"), 0, digits=0)
    # the shipped map: fast values each time, cells every fourth cycle, 100 ms of silence of its own
    limit = wire_cycle(9600, ((0, 13),), 0.1) + wire_cycle(9600, ((15, 22),), 0.1) / 4
    results = report.rotate(
        [("amphora, pace-v1.3", lambda: run_gateway(priority, 9600, 4 if quick else 8, "pace-v1.3", limit, gap_us=100000))], rounds)
    report.table("poll cycle with the shipped PACE map, 9600 baud, its own gap of 100 ms", results, CYCLE_FIELDS)
    report.bar("poll pace-v1.3: cycle ÷ wire limit", median(results["amphora, pace-v1.3"], "x_wire"), 1.01, digits=4)


def dead_gateway(priority, settle, measured):
    """The finding cycle and the following search in one phase, the backed-off time in another."""
    with Rig(priority) as rig:
        bus = rig.bus(9600, mute=7, mute_after=6)
        process = rig.gateway(bus, 9600, rig.broker(), map="bench-40", cycle_ms=0)
        time.sleep(6 + settle)
        if process.poll() is not None:
            raise RuntimeError(rig.complaint())
        search = bus.phase()
        time.sleep(measured)
        result = bus.result()
        return {"worst_s": max(search["mute_extra_max_s"], result["mute_extra_max_s"]), "search_s": search["mute_extra_per_cycle_s"],
                "average_s": result["mute_extra_per_cycle_s"], "asked": result["mute_requests"], "cycles": result["cycles"],
                "violations": search["violations"] + result["violations"]}


def dead_client(priority, name):
    result = run_client(priority, name, 9600, 5, ((0, 40),), mute=7)
    return {"worst_s": result["mute_extra_max_s"], "average_s": result["mute_extra_per_cycle_s"], "asked": result["mute_requests"],
            "cycles": result["cycles"], "violations": result["violations"]}


def dead(report, priority, rounds, quick):
    settle, measured = (20, 40) if quick else (62, 65)
    cases = [("amphora", lambda: dead_gateway(priority, settle, measured))]
    cases += [(name, lambda name=name: dead_client(priority, name)) for name in ("libmodbus", "pymodbus-async")]
    results = report.rotate(cases, 1 if quick else max(1, rounds // 2))
    report.table("one of 16 packs dead, 9600 baud, one block of 40 registers, default time-outs", results, [
        ("worst_s", "added to the finding cycle s", 3), ("search_s", "added a cycle while searching s", 4),
        ("average_s", "added a cycle after that s", 4), ("asked", "requests to the dead one", 0), ("cycles", "cycles", 0), ("violations", "silences broken", 0)])
    report.bar("dead pack: added to the cycle that finds it", median(results["amphora"], "worst_s"), 0.16, " s")
    share = ratio(median(results["amphora"], "average_s"), median(results["libmodbus"], "average_s"))
    report.bar("dead pack: average penalty ÷ libmodbus", share, 0.1)
