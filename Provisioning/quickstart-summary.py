"""Prints what the quick start saw and exits 0 when all of it is as it should be.

usage: quickstart-summary.py FOLDER PACKS MILLISECONDS
FOLDER holds status.json, outbox.json and identity.json of the gateway, verdict.json of the simulated inverter,
states.ndjson, which an independent reader of the broker wrote, configuration.json, what the fleet knows of the
gateway's configuration, and fleet.db, the fleet's database. swapped.json is what the inverter had seen when the first
signed set was good, rollouts.ndjson how the two rollouts ended; both may be missing. A change of configuration was
applied after so many MILLISECONDS, or 'none'.
"""
import datetime
import json
import sqlite3
import sys


def load(path):
    try:
        with open(path) as file:
            lines = [line for line in file if line.strip()]
        return json.loads(lines[-1]) if lines else None
    except (OSError, ValueError):
        return None


def stored(path, epoch):
    """The numbers in the fleet's database, and how many pack samples it has."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        numbers = {row[0] for row in connection.execute("SELECT seq FROM record WHERE epoch = ?", (epoch,))}
        return numbers, connection.execute("SELECT count(*) FROM pack_sample").fetchone()[0]
    except sqlite3.Error as error:
        print(f"  fleet.db: {error}", file=sys.stderr)
        return set(), 0


def lines(path):
    """One object a line; none without the file."""
    try:
        with open(path) as file:
            return [json.loads(line) for line in file]
    except (OSError, ValueError):
        return []


def update_events(path):
    """Time, code and words of what the gateway told of its sets, as the fleet has stored it."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        return connection.execute(
            "SELECT time_ms, code, message FROM event WHERE code LIKE 'update_%' ORDER BY epoch, seq").fetchall()
    except sqlite3.Error as error:
        print(f"  fleet.db: {error}", file=sys.stderr)
        return []


def updates(folder, status, verdict, row):
    """The signed set that came, and the sabotaged one that went."""
    swapped = load(f"{folder}/swapped.json")
    gaps = [entry["period_ms"]["max"] for entry in swapped["ids"] if "period_ms" in entry] if swapped else []
    late = swapped["cycles_late"] if swapped else "unknown"
    gap = f"{max(gaps):.0f} ms" if gaps else "none"
    row("send cycles missed over the swap", f"{late}, longest gap {gap}", gaps and late == 0, "0, one each 1000 ms")
    # the sabotaged set has other frames: such a swap passes by stop, one silent cycle, start, there and back
    others = [entry for entry in verdict["ids"] if entry["name"] != "Measurements"] if verdict else []
    gap = max((entry["period_ms"]["max"] for entry in others if "period_ms" in entry), default=0)
    row("longest gap around the sabotage", f"{gap:.0f} ms", 0 < gap < 2500, "less than 2500 ms")
    sign = status["inverter"]["keep_alive"] if status else "unknown"
    row("sign of life of the inverter", sign, sign == "present", "present")
    ends = {rollout["rollout"]: rollout for rollout in lines(f"{folder}/rollouts.ndjson")}
    for name, wanted in (("base-1.2.0", "complete"), ("base-1.3.0", "returned")):
        state, reason = (ends[name]["state"], ends[name]["reason"]) if name in ends else ("not over", "")
        row(f"rollout of {name}", f"{state}: {reason}" if reason else state, state == wanted, wanted)
    running = status["update"]["set"] if status else "unknown"
    row("profile set in force", running, running.startswith("base 1.2.0,"), "base 1.2.0")
    events = update_events(f"{folder}/fleet.db")
    codes = [code.removeprefix("update_") for _, code, _ in events]
    wanted = ["delivered", "applied", "good", "delivered", "applied", "reverted"]
    row("events of updates", ", ".join(codes), codes[:len(wanted)] == wanted, ", ".join(wanted))
    for time, code, words in events:
        print(f"    {datetime.datetime.fromtimestamp(time / 1000):%H:%M:%S}  {code:<17} {words}")


def main():
    folder, packs, changed = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    status, outbox = load(f"{folder}/status.json"), load(f"{folder}/outbox.json")
    verdict = load(f"{folder}/verdict.json")
    identity, configuration = load(f"{folder}/identity.json"), load(f"{folder}/configuration.json")
    with open(f"{folder}/states.ndjson") as file:
        states = sum(1 for line in file if json.loads(line)["packs_online"] is not None)
    faults = []

    def row(name, value, good, wanted):
        print(f"  {name:<34} {value}")
        if not good:
            faults.append(f"{name}: found {value}, expected {wanted}")

    print("summary")
    online = status["bank"]["packs_online"] if status else 0
    row("packs seen", f"{online} of {packs}", online == packs, f"{packs} of {packs}")
    accepted = verdict["frames_accepted"] if verdict else 0
    row("frames accepted by the inverter", accepted, accepted > 0, "more than 0")
    trips = verdict["trips"] if verdict else -1
    row("trips of the inverter", trips, trips == 0, 0)
    epoch = outbox["epoch"] if outbox else 0
    measured = outbox["next_seq"] - 1 if outbox else 0
    database, samples = stored(f"{folder}/fleet.db", epoch)
    row("records measured", measured, measured > 0, "more than 0")
    row("states seen by a reader", states, states > 0, "some")
    # the last ones may still be on their way: the gateway leaves before the fleet's word comes back
    missing = set(range(1, measured - 2)) - database
    dropped = outbox["lost"] if outbox else -1
    row("records in the database", f"{len(database)}, with {samples} pack samples", not missing, f"all but the last 3 of {measured}")
    row("records freed by the fleet's word", status["outbox"]["stored"] if status else 0, status and status["outbox"]["stored"] > 0, "more than 0")
    row("records lost", len(missing) + max(0, dropped), not missing and dropped == 0, 0)
    name = f"{identity['gateway']} until {identity['not_after']}" if identity else "none"
    row("identity", name, identity and identity["gateway"] == "quickstart", "quickstart")
    applied = configuration["applied_version"] if configuration else None
    row("configuration in force", f"version {applied}", applied == 2, "version 2")
    row("a change is applied after", f"{changed} ms", changed.isdigit() and int(changed) < 5000, "less than 5000 ms")
    updates(folder, status, verdict, row)
    if faults:
        print("not as it should be:")
        for fault in faults:
            print(f"  {fault}")
        return 1
    print("all good")
    return 0


sys.exit(main())
