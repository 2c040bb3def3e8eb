"""Real gateways of a reliability run: configuration, program, outbox."""

import ledger
from parts import BASE_SET, PROGRAMS, Part


class Gateway:
    """An `amphora-gateway` with an outbox of its own."""

    def __init__(self, folder, name, bank_port, broker_port, identity=None, device=None, units=(1, 2), settings=None):
        """`settings` are lines of the configuration by table, beyond those that every gateway has; a
        gateway without a `device` has lost its CAN adapter, which must not disturb what it records."""
        self.name, self.identity = name, identity or name
        self.folder = folder / name
        self.folder.mkdir()
        self.outbox = self.folder / "outbox.db"
        self.records = self.folder / "records.ndjson"
        tables = {
            "profiles": [f'path = "{BASE_SET}"'],
            "inverter": ['profile = "pylontech-lv-1.2"', 'transport = "slcan"', f'device = "{device or self.folder / "can"}"'],
            "telemetry": ["interval_s = 1", f'file = "{self.records}"', "file_size_mb = 200"],
            "outbox": [f'path = "{self.outbox}"', 'delivery = "fleet"'],
            "mqtt": ['host = "127.0.0.1"', f"port = {broker_port}", "reconnect_max_s = 1", "backlog_jitter_s = 0"],
            "status": [f'socket = "{self.folder / "gateway.sock"}"'],
            "[line]": ['name = "rack"', f'address = "127.0.0.1:{bank_port}"', 'framing = "tcp"', 'map = "pace-v1.3"',
                       f"units = {list(units)}", "cycle_ms = 1000"],
        }
        for table, lines in (settings or {}).items():
            replaced = {line.split(" = ")[0] for line in lines}
            tables[table] = [line for line in tables.get(table, []) if line.split(" = ")[0] not in replaced] + lines
        text = f'gateway = "{self.identity}"\n'
        text += "".join(f"[{table}]\n" + "".join(f"{line}\n" for line in lines) for table, lines in tables.items())
        (self.folder / "gateway.toml").write_text(text)
        self.part = Part(name, folder, [PROGRAMS / "amphora-gateway", "run", "--config", self.folder / "gateway.toml"])
        self.clock = self.folder / "clock"
        self.part.environment["AMPHORA_CLOCK"] = str(self.clock)
        self.set_clock(0, "trusted")
        self.clock_ahead_s, self.clock_tolerance_s = 0, 1.5

    def set_clock(self, seconds, trust):
        """What the gateway takes for the time: so many seconds off, and whether it trusts it."""
        written = self.clock.with_suffix(".new")
        written.write_text(f"{seconds} {trust}\n")
        written.rename(self.clock)

    def epoch(self):
        return ledger.outbox_ledger(self.outbox)[0]

    def is_drained(self, records, through=None):
        """Whether the store has everything but what was made in the last moment, or everything through a number."""
        epoch, _, waiting, _ = ledger.outbox_ledger(self.outbox)
        stored = {seq for (name, e, seq) in records if name == self.identity and e == epoch}
        left = {seq for seq in waiting - stored if through is None or seq <= through}
        return len(left) <= 3

    def compare(self, verdict, store, records, samples):
        ledger.compare_gateway(verdict, store, records, samples, self.identity, self.outbox, self.records,
                               self.part.log_path, self.name)
        ledger.compare_times(verdict, records, self.identity, self.epoch(), self.clock_ahead_s, self.clock_tolerance_s)
