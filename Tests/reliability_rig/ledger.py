"""Compares what gateways measured with what the database holds."""

import collections
import json
import re
import sqlite3
import subprocess
import time

from parts import PROGRAMS, Trouble


class Store:
    """Reads the records of a fleet's store, SQLite or PostgreSQL."""

    QUERY = ("SELECT g.name, r.epoch, r.seq, r.kind, r.boot, r.wall_ms, r.monotonic_ms, r.received_ms, r.time_ms "
             "FROM record r JOIN gateway g ON g.id = r.gateway ORDER BY g.name, r.epoch, r.seq")
    SAMPLES = ("SELECT g.name, s.epoch, s.seq, count(*) FROM pack_sample s JOIN gateway g ON g.id = s.gateway "
               "GROUP BY g.name, s.epoch, s.seq")
    NEWEST = "SELECT coalesce(max(r.time_ms), 0) FROM record r JOIN gateway g ON g.id = r.gateway WHERE g.name = '%s'"
    DEAD = "SELECT count(*) FROM dead_letter"

    def __init__(self, path=None, postgres=None):
        self.path, self.postgres = path, postgres

    def rows(self, sql):
        if self.postgres:
            return self.postgres.query(sql)
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def safe_records(self):
        """The records, none while the store is away or has no tables yet."""
        try:
            return self.records()
        except (sqlite3.Error, Trouble):
            return {}

    def newest(self, gateway):
        """Unix time in milliseconds of a gateway's newest record, 0 without one or while the store is away."""
        try:
            return int(self.rows(self.NEWEST % gateway)[0][0] or 0)
        except (sqlite3.Error, Trouble):
            return 0

    def records(self):
        found = {}
        for name, epoch, seq, kind, boot, wall, monotonic, received, moment in self.rows(self.QUERY):
            found[name, int(epoch), int(seq)] = {
                "kind": int(kind), "boot": boot, "wall": int(wall), "monotonic": int(monotonic), "received": int(received), "time": int(moment)}
        return found


class Verdict:
    """The counts of a run."""

    def __init__(self):
        self.counts = collections.Counter()
        self.faults = []

    def fault(self, kind, words):
        self.counts[kind] += 1
        if len(self.faults) < 20:
            self.faults.append(f"{kind}: {words}")

    @property
    def is_good(self):
        return not (self.counts["lost"] or self.counts["doubled"] or self.counts["misordered"] or self.counts["strange"])


def outbox_ledger(path):
    """Epoch, next number, numbers waiting and records given up, of a gateway's outbox."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        counters = dict(connection.execute("SELECT name, value FROM counter"))
        waiting = [row[0] for row in connection.execute("SELECT sequence FROM record")]
    finally:
        connection.close()
    top = max([counters.get("highest", 0), *waiting])
    lost = sum(value for name, value in counters.items() if name.startswith("lost."))
    return counters["epoch"], top, set(waiting), lost


def told_losses(store, gateway):
    """Losses by reason as a gateway has told the fleet in its newest record."""
    words = [str(PROGRAMS / "amphora-fleet"), "gateways", "--store", store, "--json"]
    for line in subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines():
        row = json.loads(line)
        if row["gateway"] == gateway:
            return (row["outbox"] or {}).get("losses") or {}
    return {}


def measured_lines(path):
    """What a gateway wrote to its file of records, by number; a number may stand there twice when a cut
    came between the file and the store."""
    lines = collections.defaultdict(list)
    for name in sorted(path.parent.glob(path.name + "*")):
        for line in open(name, "rb"):
            try:
                record = json.loads(line)
            except ValueError:
                continue  # torn by a kill
            lines[record["epoch"], record["seq"]].append((record["time"]["boot"], record["time"]["monotonic_ms"], len(record["packs"])))
    return lines


def passed_over(log):
    """Numbers that a gateway's log says were never given: after a kill it goes on behind those it had reserved."""
    numbers = set()
    for match in re.finditer(r"numbers passed over first=(\d+) last=(\d+)", log.read_text(errors="replace")):
        numbers.update(range(int(match[1]), int(match[2]) + 1))
    return numbers


def compare_gateway(verdict, store, records, samples, name, outbox, file, log, title):
    """A real gateway: each number its outbox has given must be stored, unless it waits or was counted as lost.

    `title` names it among others of the same name. A number that the log says was passed over must not be stored."""
    epoch, top, waiting, given_up = outbox_ledger(outbox)
    passed = {seq for seq in passed_over(log) if seq <= top}
    mine = {seq: row for (gateway, e, seq), row in records.items() if gateway == name and e == epoch}
    missing = [seq for seq in range(1, top + 1) if seq not in mine and seq not in waiting and seq not in passed]
    verdict.counts["measured"] += top - len(passed)
    for seq in passed & set(mine):
        verdict.fault("strange", f"{title} number {seq} is stored and was passed over")
    verdict.counts["matched"] += len([seq for seq in mine if seq <= top])
    verdict.counts["waiting"] += len(waiting - set(mine))
    verdict.counts["given up"] += given_up
    for seq in missing[given_up:]:
        verdict.fault("lost", f"{title} number {seq} of {top}")
    for seq in mine:
        if seq > top:
            verdict.fault("strange", f"{title} number {seq} was never given")
    lines = measured_lines(file)
    for seq, row in mine.items():
        wanted = lines.get((epoch, seq))
        if row["kind"] == 2 or wanted is None:
            continue
        if not any(row["boot"] == boot and row["monotonic"] == monotonic for boot, monotonic, _ in wanted):
            verdict.fault("strange", f"{title} number {seq} is another record than the one measured")
        packs = {count for _, _, count in wanted}
        if samples.get((name, epoch, seq), 0) not in packs:
            verdict.fault("lost", f"{title} number {seq} has {samples.get((name, epoch, seq), 0)} pack samples, measured {packs}")


def compare_played(verdict, records, ledger):
    """Played gateways: each line of their ledger must be stored, and nothing else."""
    wanted = set()
    for line in open(ledger):
        name, epoch, seq, *_ = line.split()
        wanted.add((name, int(epoch), int(seq)))
    names = {name for name, _, _ in wanted}
    found = {key for key in records if key[0] in names}
    verdict.counts["measured"] += len(wanted)
    verdict.counts["matched"] += len(wanted & found)
    for key in sorted(wanted - found):
        verdict.fault("lost", f"{key[0]} number {key[2]}")
    for key in sorted(found - wanted):
        verdict.fault("strange", f"{key[0]} number {key[2]} was never made")


def compare_order(verdict, records):
    """Within a boot, numbers and times rise together; no moment is stored under two numbers."""
    last = {}
    moments = set()
    for (name, epoch, seq), row in sorted(records.items()):
        moment = (name, row["boot"], row["monotonic"], row["kind"], epoch)
        if row["kind"] == 1:
            if moment in moments:
                verdict.fault("doubled", f"{name} number {seq}: its moment is stored under another number too")
            moments.add(moment)
        key = (name, epoch, row["boot"])
        if key in last and row["monotonic"] < last[key]:
            verdict.fault("misordered", f"{name} number {seq} is older than the one before")
        last[key] = row["monotonic"]
        if row["received"] - row["time"] > 10_000:
            verdict.counts["late"] += 1


def compare_times(verdict, records, name, epoch, ahead_s, tolerance_s):
    """Each record lies at the moment it was made, whatever its gateway took for the time then.

    Gateway and coordinator share this machine's monotonic clock, which nobody sets; that of a gateway
    that has lived through days in minutes is ahead by as much as those.
    """
    right = time.time() - time.monotonic() - ahead_s
    for (gateway, e, seq), row in records.items():
        if gateway != name or e != epoch:
            continue
        wrong = row["time"] / 1000 - (row["monotonic"] / 1000 + right)
        if abs(row["wall"] - row["time"]) > 1_000_000:
            verdict.counts["mended"] += 1
        if abs(wrong) > tolerance_s:
            verdict.fault("strange", f"{name} number {seq} lies {wrong:.1f} s from the moment it was made")
