"""Prints what the quick start saw and exits 0 when all of it is as it should be.

usage: quickstart-summary.py FOLDER PACKS
FOLDER holds status.json and outbox.json of the gateway, verdict.json of the simulated inverter and
received.ndjson, which an independent subscriber wrote.
"""
import json
import sys


def load(path):
    try:
        with open(path) as file:
            lines = [line for line in file if line.strip()]
        return json.loads(lines[-1]) if lines else None
    except (OSError, ValueError):
        return None


def main():
    folder, packs = sys.argv[1], int(sys.argv[2])
    status, outbox = load(f"{folder}/status.json"), load(f"{folder}/outbox.json")
    verdict = load(f"{folder}/verdict.json")
    keys, repeated = set(), 0
    with open(f"{folder}/received.ndjson") as file:
        for line in file:
            record = json.loads(line)
            key = (record["epoch"], record["seq"])
            repeated += key in keys
            keys.add(key)
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
    stored = outbox["next_seq"] - 1 if outbox else 0
    waiting = outbox["depth"] if outbox else -1
    received = {seq for e, seq in keys if e == epoch}
    acknowledged = stored - waiting
    row("records stored", stored, stored > 0, "more than 0")
    row("records acknowledged by the broker", acknowledged, acknowledged > 0, "more than 0")
    row("records at the subscriber", f"{len(received)}, {repeated} repeated", received, "some")
    first = min(received, default=0)
    missing = [seq for seq in range(1, max(received, default=0) + 1) if seq not in received]
    dropped = outbox["lost"] if outbox else -1
    lost = len(missing) + max(0, dropped)
    row("records lost", lost, lost == 0 and first == 1, "0, numbered from 1")
    if faults:
        print("not as it should be:")
        for fault in faults:
            print(f"  {fault}")
        return 1
    print("all good")
    return 0


sys.exit(main())
