"""Rolls a good set and a bad one out to many gateways while the fleet is killed; called by Tests/rollouts."""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from parts import PROGRAMS, Part, Postgres, Trouble, free_port, is_listening, wait_for

GOOD, BAD = "1.3.0", "1.4.0"
MIX = "silent=8,fail=8,flap=7,lie=7"
WORDS = {"silent": "silent", "fail": "could not install", "flap": "went back by themselves", "lie": "with frames that stopped"}


class Fleet:
    """A broker, an ingest, a server, and gateways that take the bad set in some manner."""

    def __init__(self, folder, store, gateways, manners, seed):
        self.folder, self.gateways = folder, gateways
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
        # records that the broker had acknowledged when ingest was killed are sent again soon
        self.sim = Part("sim", folder, [PROGRAMS / "amphora-sim", "fleet", "--gateways", gateways, "--broker", f"127.0.0.1:{self.broker_port}",
                                        "--packs", "1", "--interval", "8" if gateways > 500 else "3", "--resend-s", "8", "--event-every", "0",
                                        "--seed", seed, "--assignments", assignments, "--manners", manners, "--bad-version", BAD, "--update-s", "6"])
        self.parts = [self.broker, self.ingest, self.server, self.sim]

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

    def measured(self):
        return sum(1 for line in self.tell("gateways", "--json").splitlines() if json.loads(line)["records"] > 0)

    def roll_out(self, version, release):
        file = self.folder / f"{version}.json"
        digest = ("a" if version == BAD else "b") * 64
        file.write_text(json.dumps({"set": "base", "version": version, "sha256": digest, "length": 81920,
                                    "release": release, "least_runtime": "0.1.0"}))
        # the wave is as large as the simulation asks for, and the time that silence is given as short as may be
        self.tell("rollout", "create", "--release", file, "--approval", "never", "--waves", "5%,25%,all", "--watch", "60s",
                  "--patience", "90s", "--author", "rig", "--note", "a rehearsal")

    def status(self, version):
        return json.loads(self.tell("rollout", "status", f"base-{version}", "--json"))

    def end(self, version, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            status = self.status(version)
            if status["is_over"] or status["state"] == "held":
                return status
            time.sleep(1)
        raise Trouble(f"the rollout of {version} was not over after {seconds} s: {json.dumps(status)[:600]}")


class Killer(threading.Thread):
    """Kills the server or ingest every few seconds, and starts it again."""

    def __init__(self, fleet, chooser):
        super().__init__(daemon=True)
        self.fleet, self.chooser, self.over = fleet, chooser, threading.Event()
        self.trouble = None

    def run(self):
        try:
            while not self.over.wait(self.chooser.uniform(1, 7)):
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
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-rollouts."))
    folder.chmod(0o755)
    print(f"== {gateways} gateways, {manners}, {words.store}, seed {seed}", flush=True)
    fleet = Fleet(folder, words.store, gateways, manners, seed)
    faults, began = [], time.monotonic()
    try:
        fleet.start()
        wait_for(lambda: fleet.measured() == gateways, 180, "a record of every gateway")
        print(f"   every gateway has measured after {time.monotonic() - began:.0f} s", flush=True)
        killer = Killer(fleet, random.Random(seed))
        killer.start()
        wave = -(-gateways * 5 // 100)
        fleet.roll_out(GOOD, 8)
        good = fleet.end(GOOD, 900)
        print(f"   {GOOD}: {good['state']} after {time.monotonic() - began:.0f} s, waves {[w['proven'] for w in good['waves']]}", flush=True)
        check(faults, good["state"] == "complete", f"the good set ended as {good['state']}: {good['reason']}")
        check(faults, all(g["state"] == "proven" for g in good["gateways"]), "the good set did not reach everybody")
        fleet.roll_out(BAD, 9)
        bad = fleet.end(BAD, 900)
        killer.stop()
        print(f"   {BAD}: {bad['state']} after {time.monotonic() - began:.0f} s: {bad['reason']}", flush=True)
        reached = [g for g in bad["gateways"] if g["state"] != "waiting"]
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
        print(f"   reached {len(reached)} of {gateways}, wave of {wave}; {states}; server killed {fleet.server.kills} times, ingest {fleet.ingest.kills}")
    except Trouble as trouble:
        faults.append(str(trouble))
    except Exception:  # a fault of the rig itself, told whole
        faults.append(traceback.format_exc())
    finally:
        fleet.stop()
        if not faults and not words.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"   kept: {folder}")
    for fault in faults[:20]:
        print(f"  {fault}", flush=True)
    return not faults


def main():
    parser = argparse.ArgumentParser(prog="Tests/rollouts", description="Rolls a good set and a bad one out while the fleet is killed.")
    parser.add_argument("--long", action="store_true", help="2000 gateways, then 300 for each manner alone")
    parser.add_argument("--gateways", type=int, help="so many gateways")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed makes the same choices")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs and databases")
    words = parser.parse_args()
    runs = [(words.gateways or (2000 if words.long else 300), MIX)]
    if words.long:
        runs += [(300, f"{manner}=100") for manner in WORDS]
    results = [play(words, gateways, manners, words.seed + number) for number, (gateways, manners) in enumerate(runs)]
    print(json.dumps({"seed": words.seed, "runs": len(results), "good": all(results)}))
    return 0 if all(results) else 1


sys.exit(main())
