"""Runs the cuts and prints the counts; called by Tests/reliability."""

import argparse
import collections
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time

import ledger
from parts import BASE_SET, PROGRAMS, Part, Postgres, Trouble, free_port, is_listening, wait_for

GATEWAY_STEPS = ["before-commit", "after-commit", "sent", "taken", "settled"]
INGEST_STEPS = ["received", "before-store", "after-store", "after-ack"]
CLOCKS = [("of 1970", -1_795_000_000), ("20 years slow", -631_152_000), ("an hour fast", 3600)]
PLAYED = 8


class House:
    """One gateway at home, a few played ones, and the fleet's side, with a relay between."""

    def __init__(self, folder, kind, seed):
        self.folder, self.kind = folder, kind
        self.broker_port, self.relay_port, self.bank_port = free_port(), free_port(), free_port()
        self.postgres = Postgres(folder) if kind == "postgres" else None
        store = self.postgres.address if self.postgres else f"sqlite:{folder / 'fleet.db'}"
        self.store = ledger.Store(folder / "fleet.db", self.postgres)
        (folder / "broker.conf").write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n")
        broker = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        sim, gateway, fleet = PROGRAMS / "amphora-sim", PROGRAMS / "amphora-gateway", PROGRAMS / "amphora-fleet"
        (folder / "gateway.toml").write_text(self.configuration())
        self.parts = {}
        self.add("broker", [broker, "-c", folder / "broker.conf"], lambda: is_listening(self.broker_port))
        self.add("relay", [sim, "relay", "--listen", f"127.0.0.1:{self.relay_port}", "--target", f"127.0.0.1:{self.broker_port}",
                           "--control", folder / "relay.sock"], (folder / "relay.sock").exists)
        self.add("bank", [sim, "bank", "--packs", "16", "--profiles", BASE_SET, "--tcp", f"127.0.0.1:{self.bank_port}", "--instant",
                          "--control", folder / "bank.sock", "--seed", seed], (folder / "bank.sock").exists)
        self.add("inverter", [sim, "inverter", "--profiles", BASE_SET, "--slcan-link", folder / "can", "--control", folder / "inverter.sock"],
                 (folder / "inverter.sock").exists)
        for number in (1, 2):
            self.add(f"ingest-{number}", [fleet, "ingest", "--store", store, "--broker", f"127.0.0.1:{self.broker_port}",
                                          "--name", f"ingest-{number}", "--batch-milliseconds", "50"])
        self.clock = folder / "clock"
        self.set_clock(0, "trusted")
        self.add("gateway", [gateway, "run", "--config", folder / "gateway.toml"])
        self.parts["gateway"].environment["AMPHORA_CLOCK"] = str(self.clock)
        self.add("played", [sim, "fleet", "--gateways", PLAYED, "--broker", f"127.0.0.1:{self.relay_port}", "--interval", "1",
                            "--packs", "4", "--resend-s", "5", "--drain-s", "120", "--ledger", folder / "ledger", "--seed", seed])

    def add(self, name, command, ready=None):
        self.parts[name] = Part(name, self.folder, command, ready)

    def set_clock(self, seconds, trust):
        """What the gateway takes for the time: so many seconds off, and whether it trusts it."""
        written = self.clock.with_suffix(".new")
        written.write_text(f"{seconds} {trust}\n")
        written.rename(self.clock)

    def configuration(self):
        return f"""gateway = "house"
[profiles]
path = "{BASE_SET}"
[[line]]
name = "rack"
address = "127.0.0.1:{self.bank_port}"
framing = "tcp"
map = "pace-v1.3"
units = [{", ".join(str(unit) for unit in range(1, 17))}]
cycle_ms = 1000
[inverter]
profile = "pylontech-lv-1.2"
transport = "slcan"
device = "{self.folder / "can"}"
[telemetry]
interval_s = 1
file = "{self.folder / "records.ndjson"}"
file_size_mb = 200
[outbox]
path = "{self.folder / "outbox.db"}"
delivery = "fleet"
[mqtt]
host = "127.0.0.1"
port = {self.relay_port}
reconnect_max_s = 1
backlog_jitter_s = 0
[status]
socket = "{self.folder / "gateway.sock"}"
"""

    def start(self):
        if self.postgres:
            self.postgres.start()
        for part in self.parts.values():
            part.start()

    def tell_relay(self, words):
        import subprocess
        subprocess.run([PROGRAMS / "amphora-sim", "tell", "--control", self.folder / "relay.sock", *words.split()],
                       check=True, capture_output=True, timeout=10)

    def victims(self):
        return ["gateway", "broker", "ingest-1", "ingest-2"] + (["postgres"] if self.postgres else [])

    def part(self, name):
        return self.postgres if name == "postgres" else self.parts[name]

    def stop(self):
        for name in reversed(list(self.parts)):
            part = self.parts[name]
            if part.is_running():
                part.process.terminate()
        for part in self.parts.values():
            if part.process:
                try:
                    part.process.wait(10)
                except Exception:  # the run is over; what does not end is ended
                    part.process.kill()
                    part.process.wait()
        if self.postgres:
            self.postgres.stop()


class Cuts:
    """Chooses the next cut; each kind comes in turn, the moment by chance."""

    def __init__(self, house, random_source, is_long):
        self.house, self.random, self.counts = house, random_source, collections.Counter()
        kinds = [("kill", name) for name in house.victims()]
        kinds += [("step", "gateway", step) for step in GATEWAY_STEPS]
        kinds += [("step", f"ingest-{1 + index % 2}", step) for index, step in enumerate(INGEST_STEPS)]
        kinds += [("link", words) for words in ("reset", "cut 700ms", "swallow 2s", "delay 600ms 2s", "flap")]
        kinds += [("pair", "gateway", "broker"), ("pair", "broker", "ingest-1"), ("all",)]
        kinds += [("clock", words, seconds) for words, seconds in CLOCKS]
        kinds += [("frozen", "broker", 2), ("away", 3)]
        self.slow = []
        if is_long:
            self.slow = [("link", "swallow 20s"), ("link", "delay 600ms 20s"), ("flapping", 5, 5, 2), ("away", 30), ("frozen", "broker", 40)]
        self.kinds, self.next = kinds, 0
        self.rounds_between = 6

    def one(self):
        round_number, place = divmod(self.next, len(self.kinds))
        kind = self.kinds[place]
        if self.slow and place == 0 and round_number and round_number % self.rounds_between == 0:
            kind = self.slow.pop(0)  # minutes long, so each of them only once
        else:
            self.next += 1
        time.sleep(self.random.uniform(0.02, 0.6))
        getattr(self, kind[0])(*kind[1:])
        for name in self.house.victims():
            part = self.house.part(name)
            if not part.is_running():
                part.start()

    def note(self, words):
        self.counts[words] += 1

    def kill(self, name):
        self.note(f"kill -9 of {name}")
        self.house.part(name).kill()
        time.sleep(self.random.uniform(0, 0.7))
        self.house.part(name).start()

    def pair(self, one, other):
        self.note(f"kill -9 of {one} and {other}")
        self.house.part(one).kill()
        self.house.part(other).kill()
        time.sleep(self.random.uniform(0, 0.7))
        self.house.part(other).start()
        self.house.part(one).start()

    def all(self):
        self.note("kill -9 of everything")
        for name in self.house.victims():
            self.house.part(name).kill()
        for name in reversed(self.house.victims()):
            self.house.part(name).start()

    def step(self, name, step):
        """Starts the program anew with the order to die at a step; it may take a while to come there."""
        self.note(f"{name.split('-')[0]} dies {step.replace('-', ' ')}")
        part = self.house.part(name)
        part.kill()
        part.start(AMPHORA_CUT=f"{step}:{self.random.randint(1, 3)}")
        end = time.monotonic() + 40
        while part.is_running() and time.monotonic() < end:
            time.sleep(0.02)
        if part.is_running():
            raise Trouble(f"{name} never came to the step '{step}'")
        part.process.wait()
        part.kills += 1
        part.start()

    def clock(self, words, seconds):
        """The gateway starts with a wrong clock that nobody vouches for, and learns better while it runs."""
        self.note(f"clock {words}, then right")
        gateway = self.house.parts["gateway"]
        gateway.kill()
        self.house.set_clock(seconds, "untrusted")
        gateway.start()
        time.sleep(self.random.uniform(2.5, 4))
        self.house.set_clock(0, "trusted")
        time.sleep(self.random.uniform(0, 1.2))

    def frozen(self, name, seconds):
        self.note(f"{name} takes and never answers, {seconds} s")
        self.house.part(name).freeze(seconds)

    def away(self, seconds):
        self.note(f"fleet away, {seconds} s")
        for name in ("ingest-1", "ingest-2"):
            self.house.part(name).kill()
        time.sleep(seconds)

    def flapping(self, up, down, times):
        self.note(f"link {up} s on, {down} s off")
        for _ in range(times):
            self.house.tell_relay(f"cut {down}s")
            time.sleep(up + down)

    def link(self, words):
        if words == "flap":
            self.note("link flaps")
            for _ in range(4):
                self.house.tell_relay("cut 150ms")
                time.sleep(0.3)
            return
        self.note(f"link: {words}")
        self.house.tell_relay(words)
        time.sleep(self.random.uniform(0, 1.0))


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
