"""Prints what the quick start saw and exits 0 when all of it is as it should be.

usage: quickstart-summary.py FOLDER PACKS MILLISECONDS
FOLDER holds status.json, outbox.json and identity.json of the gateway, verdict.json of the simulated inverter,
states.ndjson, which an independent reader of the broker wrote, configuration.json, what the fleet knows of the
gateway's configuration, and fleet.db, the fleet's database. A change of configuration was applied after so many
MILLISECONDS, or 'none'.
"""
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
    if faults:
        print("not as it should be:")
        for fault in faults:
            print(f"  {fault}")
        return 1
    print("all good")
    return 0


sys.exit(main())
