"""The house whose every part is killed and torn, with the fleet behind it."""

import shutil
import subprocess

import ledger
from gateways import Gateway
from parts import BASE_SET, PROGRAMS, Part, Postgres, free_port, is_listening

PLAYED = 8


class House:
    """One gateway at home, a few played ones, and the fleet's side, with a relay between."""

    def __init__(self, folder, kind, seed):
        self.folder, self.kind = folder, kind
        self.broker_port, self.relay_port, self.bank_port = free_port(), free_port(), free_port()
        self.postgres = Postgres(folder) if kind == "postgres" else None
        self.store_address = self.postgres.address if self.postgres else f"sqlite:{folder / 'fleet.db'}"
        self.store = ledger.Store(folder / "fleet.db", self.postgres)
        (folder / "broker.conf").write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n")
        broker = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        sim, fleet = PROGRAMS / "amphora-sim", PROGRAMS / "amphora-fleet"
        self.parts = {}
        self.add("broker", [broker, "-c", folder / "broker.conf"], lambda: is_listening(self.broker_port))
        self.add("relay", [sim, "relay", "--listen", f"127.0.0.1:{self.relay_port}", "--target", f"127.0.0.1:{self.broker_port}",
                           "--control", folder / "relay.sock"], (folder / "relay.sock").exists)
        self.add("bank", [sim, "bank", "--packs", "16", "--profiles", BASE_SET, "--tcp", f"127.0.0.1:{self.bank_port}", "--instant",
                          "--control", folder / "bank.sock", "--seed", seed], (folder / "bank.sock").exists)
        self.add("inverter", [sim, "inverter", "--profiles", BASE_SET, "--slcan-link", folder / "can", "--control", folder / "inverter.sock"],
                 (folder / "inverter.sock").exists)
        for number in (1, 2):
            self.add(f"ingest-{number}", [fleet, "ingest", "--store", self.store_address, "--broker", f"127.0.0.1:{self.broker_port}",
                                          "--name", f"ingest-{number}", "--batch-milliseconds", "50", "--retry-max-s", "1"])
        self.gateway = Gateway(folder, "house", self.bank_port, self.relay_port, device=folder / "can", units=range(1, 17))
        self.parts["gateway"] = self.gateway.part
        self.add("played", [sim, "fleet", "--gateways", PLAYED, "--broker", f"127.0.0.1:{self.relay_port}", "--interval", "1",
                            "--packs", "4", "--resend-s", "5", "--drain-s", "120", "--ledger", folder / "ledger", "--seed", seed])

    def add(self, name, command, ready=None):
        self.parts[name] = Part(name, self.folder, command, ready)

    def start(self):
        if self.postgres:
            self.postgres.start()
        for part in self.parts.values():
            part.start()

    def tell_relay(self, words):
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
