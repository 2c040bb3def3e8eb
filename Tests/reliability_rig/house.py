"""The house whose every part is killed and torn, with the fleet behind it."""

import shutil
import subprocess

import ledger
from parts import BASE_SET, PROGRAMS, Part, Postgres, free_port, is_listening

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
