"""Rolls a good set and a bad one out to many gateways while the fleet is killed; called by Tests/rollouts."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from parts import PROGRAMS, ROOT, Part, Postgres, Trouble, free_port, is_listening

GOOD, BAD = "1.3.0", "1.4.0"
MIX = "silent=8,fail=8,flap=7,lie=7"
# the broker has a descriptor for each gateway, a simulator three, and each program some for itself
SPARE_FILES = 500
MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
WORDS = {"silent": "silent", "fail": "could not install", "flap": "went back by themselves", "lie": "with frames that stopped"}


class Fleet:
    """A broker, an ingest, a server, and gateways that take the bad set in some manner."""

    def __init__(self, folder, store, gateways, manners, seed):
        self.folder, self.gateways = folder, gateways
        # 250 measurements a second at most are no burden to a small machine, and times follow from that
        self.interval = max(3, gateways // 250)
        self.watch = max(60, 4 * self.interval)
        # a machine so busy that nothing is stored for a minute or two is not a fleet that is silent
        self.patience = self.watch + max(180, gateways // 50)
        self.postgres = Postgres(folder) if store == "postgres" else None
        self.address = self.postgres.address if self.postgres else f"sqlite:{folder / 'fleet.db'}"
        self.broker_port, http = free_port(), free_port()
        (folder / "broker.conf").write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\nmax_queued_messages 0\n")
        broker = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        assignments = folder / "assignments"
        fleet = PROGRAMS / "amphora-fleet"
        self.broker = Part("broker", folder, [broker, "-c", folder / "broker.conf"], lambda: is_listening(self.broker_port))
        self.ingest = Part("ingest", folder, [fleet, "ingest", "--store", self.address, "--broker", f"127.0.0.1:{self.broker_port}",
                                              "--name", "ingest", "--retry-max-s", "1"])
        self.server = Part("server", folder, [fleet, "serve", "--store", self.address, "--assignments", assignments, "--rollout-s", "1",
                                              "--listen", f"127.0.0.1:{http}"])
        self.sims, share = [], (MOST_FILES - SPARE_FILES) // 3
        for first in range(1, gateways + 1, share):
            # records that the broker had acknowledged when ingest was killed are sent again soon
            self.sims.append(Part(f"sim-{first}", folder, [
                PROGRAMS / "amphora-sim", "fleet", "--gateways", min(share, gateways + 1 - first), "--first", first, "--broker",
                f"127.0.0.1:{self.broker_port}", "--packs", "1", "--interval", self.interval, "--resend-s", "8", "--event-every", "0",
                "--seed", seed, "--assignments", assignments, "--manners", manners, "--bad-version", BAD, "--update-s", "6"]))
        self.parts = [self.broker, self.ingest, self.server, *self.sims]

    def start(self):
        if self.postgres:
            self.postgres.start()
        for part in self.parts:
            part.start()

    def stop(self):
        for part in reversed(self.parts):
            if part.is_running():
                part.process.kill()
                part.process.wait()
        if self.postgres:
            self.postgres.stop()

    def tell(self, *words):
        result = subprocess.run([str(PROGRAMS / "amphora-fleet"), *map(str, words), "--store", self.address],
                                capture_output=True, text=True, timeout=120)
        if result.returncode:
            raise Trouble(f"{' '.join(map(str, words))}: {result.stderr.strip()}")
        return result.stdout

    def wait_for_measurements(self, seconds):
        until, count = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            count = sum(1 for line in self.tell("gateways", "--json").splitlines() if json.loads(line)["records"] > 0)
            if count == self.gateways:
                return
            for sim in self.sims:
                if not sim.is_running():
                    raise Trouble(f"{sim.name} ended: {sim.log_path.read_text()[-500:]}")
            time.sleep(1)
        raise Trouble(f"{count} of {self.gateways} gateways had measured after {seconds} s")

    def roll_out(self, version, release):
        file = self.folder / f"{version}.json"
        digest = ("a" if version == BAD else "b") * 64
        file.write_text(json.dumps({"set": "base", "version": version, "sha256": digest, "length": 81920,
                                    "release": release, "least_runtime": "0.1.0"}))
        # a wave of one in twenty, however many there are
        self.tell("rollout", "create", "--release", file, "--approval", "never", "--waves", "5%,25%,all", "--watch",
                  f"{self.watch}s", "--patience", f"{self.patience}s", "--author", "rig", "--note", "a rehearsal")

    def status(self, version):
        return json.loads(self.tell("rollout", "status", f"base-{version}", "--json"))

    def end(self, version, seconds):
        until, line = time.monotonic() + seconds, ""
        while time.monotonic() < until:
            # the list is without gateways, and cheap however many there are
            for line in self.tell("rollout", "status", "--json").splitlines():
                summary = json.loads(line)
                if summary["rollout"] == f"base-{version}" and (summary["is_over"] or summary["state"] == "held"):
                    return self.status(version)
            time.sleep(1)
        raise Trouble(f"the rollout of {version} was not over after {seconds} s: {line[:600]}")


class Killer(threading.Thread):
    """Kills the server or ingest every few seconds, and starts it again."""

    def __init__(self, fleet, chooser):
        super().__init__(daemon=True)
        self.fleet, self.chooser, self.over = fleet, chooser, threading.Event()
        self.trouble = None

    def run(self):
        try:
            # a server of many gateways needs longer for a step of theirs
            slower = max(1, self.fleet.gateways / 2000)
            while not self.over.wait(self.chooser.uniform(1, 7) * slower):
                victim = self.chooser.choice([self.fleet.server, self.fleet.server, self.fleet.ingest])
                victim.kill()
                time.sleep(self.chooser.uniform(0, 0.5))
                victim.start()
        except Exception as error:
            self.trouble = error

    def stop(self):
        self.over.set()
        self.join()
        if self.trouble:
            raise self.trouble


def check(faults, good, words):
    if not good:
        faults.append(words)


def play(words, gateways, manners, seed):
    """Rolls both sets out; gives whether all went as it must, and a row of the table."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-rollouts."))
    folder.chmod(0o755)
    label = f"{gateways} {manners}"
    row = {"gateways": gateways, "by": f"MQTT, {words.store}", "bad for": manners, "good": "-", "bad": "-",
           "reached": "-", "kills": "-", "s": "-", "because": "-"}

    def say(text):
        print(f"   {label}: {text}", flush=True)

    say(f"{words.store}, seed {seed}")
    fleet = Fleet(folder, words.store, gateways, manners, seed)
    killer = Killer(fleet, random.Random(seed))
    faults, began = [], time.monotonic()
    try:
        fleet.start()
        fleet.wait_for_measurements(180 + gateways // 20)
        say(f"every gateway has measured after {time.monotonic() - began:.0f} s")
        killer.start()
        wave = -(-gateways * 5 // 100)
        fleet.roll_out(GOOD, 8)
        good = fleet.end(GOOD, 900 + 12 * fleet.watch)
        row["good"] = good["state"]
        say(f"{GOOD}: {good['state']} after {time.monotonic() - began:.0f} s, waves {[w['proven'] for w in good['waves']]}")
        check(faults, good["state"] == "complete", f"the good set ended as {good['state']}: {good['reason']}")
        check(faults, all(g["state"] == "proven" for g in good["gateways"]), "the good set did not reach everybody")
        fleet.roll_out(BAD, 9)
        bad = fleet.end(BAD, 900 + 12 * fleet.watch)
        killer.stop()
        row["bad"], row["because"] = bad["state"], bad["reason"].removeprefix("wave 1: ")
        say(f"{BAD}: {bad['state']} after {time.monotonic() - began:.0f} s: {bad['reason']}")
        reached = [g for g in bad["gateways"] if g["state"] != "waiting"]
        row["reached"] = f"{len(reached)} of a wave of {wave}"
        check(faults, bad["state"] == "returned", f"the bad set ended as {bad['state']}")
        check(faults, len(reached) <= wave and all(g["wave"] == 1 for g in reached), f"the bad set reached {len(reached)} gateways, allowed {wave}")
        check(faults, bad["reason"].startswith("wave 1: "), f"the report does not name the wave: {bad['reason']}")
        kinds = [part.split("=") for part in manners.split(",")]
        for manner, share in kinds:
            if len(kinds) == 1:
                check(faults, bad["reason"].endswith(WORDS[manner]), f"the report does not say '{WORDS[manner]}': {bad['reason']}")
        for gateway in reached:
            file = json.loads((folder / "assignments" / f"{gateway['gateway']}.json").read_text())
            check(faults, file["version"] == GOOD and file["release"] == 10, f"{gateway['gateway']} is assigned {file['version']}, number {file['release']}")
        others = {g["gateway"] for g in bad["gateways"]} - {g["gateway"] for g in reached}
        for name in others:
            file = json.loads((folder / "assignments" / f"{name}.json").read_text())
            check(faults, file["version"] == GOOD and file["release"] == 8, f"{name}, never reached, is assigned {file['version']}")
        authors = {line["author"] for line in bad["history"]}
        check(faults, authors == {"rig", "fleet"}, f"the history names {authors}")
        kills = fleet.server.kills + fleet.ingest.kills
        check(faults, kills > 10, f"only {kills} kills")
        states = {}
        for gateway in reached:
            states[gateway["state"]] = states.get(gateway["state"], 0) + 1
        row["kills"] = kills
        say(f"reached {len(reached)} of {gateways}, wave of {wave}; {states}; server killed {fleet.server.kills} times, ingest {fleet.ingest.kills}")
    except Trouble as trouble:
        faults.append(str(trouble))
    except Exception:  # a fault of the rig itself, told whole
        faults.append(traceback.format_exc())
    finally:
        killer.over.set()
        if killer.is_alive():
            killer.join()
        fleet.stop()
        if not faults and not words.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say(f"kept: {folder}")
    for fault in faults[:20]:
        say(fault)
    row["s"] = f"{time.monotonic() - began:.0f}"
    return not faults, row


def play_without_connections():
    """Ten thousand gateways in virtual time on a real store, by the suite that holds them; a row for each manner."""
    print("== ten thousand gateways in virtual time", flush=True)
    run = subprocess.run(["swift", "test", "--package-path", str(ROOT), "--filter", "RolloutsTests.ScaleTests"],
                         env={**os.environ, "AMPHORA_LONG": "1"}, capture_output=True, text=True)
    rows = [json.loads(line.removeprefix("row: ")) for line in run.stdout.splitlines() if line.startswith("row: ")]
    if run.returncode:
        print(f"{run.stdout[-4000:]}\n{run.stderr[-2000:]}", flush=True)
    return [(run.returncode == 0 and bool(rows), row) for row in rows] or [(False, {"because": "the suite did not run"})]


def table(results):
    names = ["gateways", "by", "bad for", "good", "bad", "reached", "kills", "s", "because"]
    titles = ["gateways", "by", "bad set, % of gateways", "good set", "bad set", "bad set reached", "kills", "s", "what the report says"]
    print("\n| " + " | ".join([*titles, ""]) + " |\n|" + "---|" * (len(titles) + 1))
    for good, row in results:
        print("| " + " | ".join([*(str(row.get(name, "-")) for name in names), "as it must" if good else "NOT"]) + " |", flush=True)


def rehearse(words):
    """All runs of the short form, or of the long one; whether all went as it must."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
    gateways = words.gateways or (min(10_000, MOST_FILES - SPARE_FILES) if words.long else 300)
    results = play_without_connections() if words.long else []
    print(f"== {gateways} gateways by MQTT, seed {words.seed}", flush=True)
    results.append(play(words, gateways, MIX, words.seed))
    if words.long:
        print("== each manner alone", flush=True)
        with concurrent.futures.ThreadPoolExecutor(len(WORDS)) as pool:
            alone = [pool.submit(play, words, 300, f"{manner}=100", words.seed + number + 1) for number, manner in enumerate(WORDS)]
        results += [run.result() for run in alone]
    table(results)
    good = all(good for good, _ in results)
    print(json.dumps({"seed": words.seed, "runs": len(results), "good": good}), flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(prog="Tests/rollouts", description="Rolls a good set and a bad one out while the fleet is killed.")
    parser.add_argument("--long", action="store_true",
                        help="10,000 gateways, in virtual time and by MQTT, then 300 for each manner alone")
    parser.add_argument("--gateways", type=int, help="so many gateways by MQTT")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed makes the same choices")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and databases")
    return 0 if rehearse(parser.parse_args()) else 1


if __name__ == "__main__":
    sys.exit(main())
