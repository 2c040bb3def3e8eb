"""Runs the cuts and prints the counts; called by Tests/reliability."""

import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time
import traceback

import ledger
import rollouts
from campaigns import campaigns
from cuts import Cuts
from house import House
from parts import Trouble, wait_for
from street import Street


def settle_house(house, seconds):
    """Lets the played gateways end, which they do when everything is acknowledged."""
    house.tell_relay("pass")
    played = house.parts["played"]
    played.process.terminate()
    status = played.process.wait(seconds)
    if status != 0:
        raise Trouble(f"the played gateways ended with status {status}: not everything was acknowledged, see {played.log.name}")


def settle(house, gateways, seconds):
    """Lets gateways run undisturbed until their outboxes have nothing left."""
    stop_all(gateways)  # stores what they hold; the next start sends the rest
    for gateway in gateways:
        gateway.part.start()
    end = time.monotonic() + seconds
    left = list(gateways)
    while left:
        time.sleep(1)
        records = house.store.records()
        left = [gateway for gateway in left if not gateway.is_drained(records)]
        if time.monotonic() > end:
            raise Trouble(f"the outbox of {', '.join(gateway.name for gateway in left)} did not drain within {seconds} s")
    stop_all(gateways)


def stop_all(gateways):
    for gateway in gateways:
        if gateway.part.is_running():
            gateway.part.process.terminate()
    for gateway in gateways:
        gateway.part.stop()


def cut_house(house, chooser, cuts):
    began = time.monotonic()
    for number in range(cuts):
        chooser.one()
        if (number + 1) % 20 == 0:
            print(f"   {number + 1} cuts after {time.monotonic() - began:.0f} s", flush=True)


def join(street, running):
    """Waits for the campaigns; the first that failed ends the run."""
    while running:
        running[0].join(1)
        street.check()
        for campaign in running:
            if campaign.trouble:
                raise campaign.trouble
        running = [campaign for campaign in running if campaign.is_alive()]


def compare(house, gateways, running, verdict):
    records = house.store.records()
    samples = {(name, int(epoch), int(seq)): int(count) for name, epoch, seq, count in house.store.rows(ledger.Store.SAMPLES)}
    for gateway in gateways:
        gateway.compare(verdict, house.store, records, samples)
    ledger.compare_played(verdict, records, house.folder / "ledger")
    ledger.compare_order(verdict, records)
    for campaign in running:
        campaign.check(verdict, records)
    dead = int(house.store.rows(ledger.Store.DEAD)[0][0])
    if dead:
        verdict.fault("strange", f"{dead} dead letters")


def run(kind, words, cuts):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-reliability."))
    folder.chmod(0o755)
    print(f"== {kind}: {cuts} cuts, seed {words.seed}", flush=True)
    verdict = ledger.Verdict()
    began = time.monotonic()
    house = House(folder, kind, words.seed)
    street = Street(house)
    good = False
    try:
        house.start()
        street.start()
        wait_for(lambda: any(name == "house" for name, _, _ in house.store.safe_records()), 40, "the first stored record")
        running = campaigns(street, words)
        for campaign in running:
            campaign.start()
        chooser = Cuts(house, random.Random(words.seed), words.long)
        cut_house(house, chooser, cuts)
        join(street, running)
        print(f"   everything cut after {time.monotonic() - began:.0f} s", flush=True)
        settle_house(house, 180)
        gateways = [house.gateway, *street.gateways]
        twice = [gateway for gateway in gateways if gateway.name == "twin-one"]
        settle(house, [gateway for gateway in gateways if gateway not in twice], 180)
        settle(house, twice, 60)
        compare(house, gateways, running, verdict)
        table(chooser.counts + street.counts, verdict, time.monotonic() - began)
        if street.back:
            name = max(street.back, key=street.back.get)
            print(f"every link was back by itself, the slowest after {street.back[name]:.1f} s ({name})")
        good = verdict.is_good and verdict.counts["measured"] > cuts
    except Trouble as trouble:
        print(f"reliability: {trouble}", file=sys.stderr)
    except Exception:  # a fault of the rig itself, told whole
        traceback.print_exc()
    finally:
        street.stop()
        house.stop()
        if good and not words.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"   kept: {folder}")
    return good


def table(counts, verdict, seconds):
    print("\n| cut | times |\n|---|---:|")
    for words, count in sorted(counts.items()):
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
    parser.add_argument("--minute", type=float, default=10,
                        help="seconds that a minute of the flapping schedules lasts in the long form; 60 is real and takes an hour")
    parser.add_argument("--only", help="campaigns with these words in them only, a regular expression for lines such as 'HalfOpen 600'")
    words = parser.parse_args()
    cuts = words.cuts or (1000 if words.long else 60)
    kinds = ["sqlite", "postgres"] if words.store == "both" else [words.store]
    share = cuts // len(kinds) + (cuts % len(kinds) > 0)
    results = [run(kind, words, share) for kind in kinds]
    if words.long and not words.only:
        results.append(rollouts.rehearse(argparse.Namespace(
            long=True, gateways=None, seed=words.seed, store=kinds[0], keep=words.keep)))
    print(json.dumps({"seed": words.seed, "cuts": share * len(kinds), "good": all(results)}))
    return 0 if all(results) else 1


sys.exit(main())
