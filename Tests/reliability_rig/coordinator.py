"""Runs the cuts and prints the counts; called by Tests/reliability."""

import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time

import ledger
from cuts import Cuts
from house import House
from parts import Trouble, wait_for


def settle(house, seconds):
    """Lets everything run undisturbed until the gateway's outbox and the played gateways have nothing left."""
    house.tell_relay("pass")
    played = house.parts["played"]
    gateway = house.parts["gateway"]
    played.process.terminate()
    status = played.process.wait(seconds)
    if status != 0:
        raise Trouble(f"the played gateways ended with status {status}: not everything was acknowledged, see {played.log.name}")
    end = time.monotonic() + seconds
    gateway.stop()  # stores what it holds; the next start sends the rest
    gateway.start()
    while time.monotonic() < end:
        time.sleep(1)
        epoch, top, waiting, _ = ledger.outbox_ledger(house.folder / "outbox.db")
        stored = {seq for (name, e, seq) in house.store.records() if name == "house" and e == epoch}
        if len(waiting - stored) <= 3:
            break
    else:
        raise Trouble(f"the outbox did not drain within {seconds} s")
    gateway.stop()


def run(kind, cuts, seed, keep, is_long):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-reliability."))
    source = random.Random(seed)
    print(f"== {kind}: {cuts} cuts, seed {seed}", flush=True)
    verdict = ledger.Verdict()
    began = time.monotonic()
    house = House(folder, kind, seed)
    good = False
    try:
        house.start()
        wait_for(lambda: any(name == "house" for name, _, _ in safe_records(house.store)), 40, "the first stored record")
        chooser = Cuts(house, source, is_long)
        for number in range(cuts):
            chooser.one()
            if (number + 1) % 20 == 0:
                print(f"   {number + 1} cuts after {time.monotonic() - began:.0f} s", flush=True)
        settle(house, 180)
        records = house.store.records()
        samples = {(name, int(epoch), int(seq)): int(count) for name, epoch, seq, count in house.store.rows(ledger.Store.SAMPLES)}
        ledger.compare_gateway(verdict, house.store, records, samples, "house", folder / "outbox.db", folder / "records.ndjson")
        ledger.compare_played(verdict, records, folder / "ledger")
        ledger.compare_order(verdict, records)
        ledger.compare_times(verdict, records, "house")
        dead = int(house.store.rows(ledger.Store.DEAD)[0][0])
        if dead:
            verdict.fault("strange", f"{dead} dead letters")
        table(chooser, verdict, time.monotonic() - began)
        good = verdict.is_good and verdict.counts["measured"] > cuts
    except Trouble as trouble:
        print(f"reliability: {trouble}", file=sys.stderr)
    finally:
        house.stop()
        if good and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"   kept: {folder}")
    return good


def safe_records(store):
    try:
        return store.records()
    except Exception:  # the tables are not made yet
        return {}


def table(chooser, verdict, seconds):
    print("\n| cut | times |\n|---|---|")
    for words, count in sorted(chooser.counts.items()):
        print(f"| {words} | {count} |")
    print("\n| measured | matched | lost | doubled | misordered | strange | given up, counted | late | times mended | waiting | s |\n" + "|---" * 11 + "|")
    names = ("measured", "matched", "lost", "doubled", "misordered", "strange", "given up", "late", "mended", "waiting")
    print("| " + " | ".join(str(verdict.counts[name]) for name in names) + f" | {seconds:.0f} |", flush=True)
    for fault in verdict.faults:
        print(f"  {fault}")


def main():
    parser = argparse.ArgumentParser(prog="Tests/reliability", description="Cuts everything and counts what arrived.")
    parser.add_argument("--long", action="store_true", help="1000 cuts instead of 60")
    parser.add_argument("--cuts", type=int, help="so many cuts")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed makes the same choices")
    parser.add_argument("--store", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and databases")
    words = parser.parse_args()
    cuts = words.cuts or (1000 if words.long else 60)
    kinds = ["sqlite", "postgres"] if words.store == "both" else [words.store]
    share = cuts // len(kinds) + (cuts % len(kinds) > 0)
    results = [run(kind, share, words.seed, words.keep, words.long) for kind in kinds]
    print(json.dumps({"seed": words.seed, "cuts": share * len(kinds), "good": all(results)}))
    return 0 if all(results) else 1


sys.exit(main())
