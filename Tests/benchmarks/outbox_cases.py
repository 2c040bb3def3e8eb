"""Figures of the outbox: appending and freeing, and what reaches the device."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile

from report import median, ratio
from rig import BOUND, ROOT, TOOLS

OURS = TOOLS / "outbox" / "AppendFree"
PEER = TOOLS / "append_free"


def payloads(folder):
    """Rows of 600 bytes and records of 16 packs (10.6 kB) as the gateway writes them, with values that move."""
    random.seed(4)
    rows, records = folder / "rows", folder / "records"

    def pack(number):
        cells = ",".join(str(3290 + random.randint(0, 40)) for _ in range(16))
        return (f'{{"pack":{number},"serial":"SIM1000{number:02}P01","status":"online","age_ms":{{"values":{random.randint(20, 990)},'
                f'"cells":{random.randint(20, 990)},"flags":{random.randint(20, 990)}}},"voltage_v":{52.8 + random.random():.3f},'
                f'"current_a":{random.uniform(-20, 20):.3f},"soc_pct":{random.uniform(55, 65):.2f},"soh_pct":99.00,'
                f'"remaining_ah":{random.uniform(55, 65):.3f},"full_ah":100.000,"cycles":124,"charge_current_limit_a":50.000,'
                f'"discharge_current_limit_a":100.000,"mosfet_temperature_c":24.1,"ambient_temperature_c":22.0,"cells_mv":[{cells}],'
                f'"probes_c":[22.{random.randint(0, 9)},22.{random.randint(0, 9)},23.1,22.9],"balancing":0,"charge_switch":true,'
                '"discharge_switch":true,"warnings":[],"protections":[],"faults":[],"flag_words":[0,0,0]}')

    rows.write_text("\n".join(pack(number % 16 + 1).ljust(600)[:600] for number in range(1600)))
    head = ('{"schema":"amphora/telemetry/v1","gateway":"bench","epoch":5190281735,"seq":%d,"time":{"wall":"2026-11-25T22:10:%02d.123Z",'
            '"trusted":true,"boot":"2f6a2a4e-1d24-4a0e-9a50-5b7f2d1f3c11","monotonic_ms":%d},"bank":{"mode":"running","packs":16},"packs":[%s]}')
    records.write_text("\n".join(
        head % (number, number % 60, number * 10_000, ",".join(pack(place) for place in range(1, 17))) for number in range(200)))
    return rows, records


def run(command):
    result = subprocess.run([*BOUND, *(str(word) for word in command)], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr or result.stdout)
    return json.loads(result.stdout)


class Device:
    """A file system of its own on a loop device, whose counters nobody else moves; needs root."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-bench."))
        image = self.folder / "image"
        with open(image, "wb") as file:
            file.truncate(1 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        self.loop = subprocess.run(["losetup", "--find", "--show", image], check=True, capture_output=True, text=True).stdout.strip()
        self.mount = self.folder / "mount"
        self.mount.mkdir()
        subprocess.run(["mount", self.loop, self.mount], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.mount])
        subprocess.run(["losetup", "--detach", self.loop])
        shutil.rmtree(self.folder, ignore_errors=True)

    def written(self):
        """Bytes and requests written to the device so far."""
        os.sync()
        fields = open(f"/sys/block/{os.path.basename(self.loop)}/stat").read().split()
        return int(fields[6]) * 512, int(fields[4])


def device_case(command, transactions, path="outbox.db"):
    with Device() as device:
        before = device.written()
        result = run([word if word != "FILE" else device.mount / path for word in command])
        after = device.written()
        return {**result, "device_ratio": (after[0] - before[0]) / result["payload_bytes"],
                "writes": (after[1] - before[1]) / transactions}


def outbox(report, priority, rounds, quick):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-bench.", dir=ROOT / ".build" / "bench"))
    try:
        measure(report, priority, rounds, quick, *payloads(folder), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(report, priority, rounds, quick, rows, records, folder):
    count = 1000 if quick else 4000

    def fresh():
        path = folder / f"{random.random()}"
        path.mkdir()
        return path / "outbox.db"

    results = report.rotate([
        ("amphora", lambda: run([*priority, OURS, fresh(), count, 16, rows])),
        ("C, freed with the next append", lambda: run([*priority, PEER, fresh(), count, 16, rows, 4096, "same"])),
        ("C, freed on its own", lambda: run([*priority, PEER, fresh(), count, 16, rows, 4096, "own"])),
    ], max(5, rounds))
    report.table("16 rows of 600 bytes a transaction, FULL, freed after it", results, [
        ("rows_s", "rows/s", 0), ("p50_us", "p50 µs", 0), ("cpu_us_row", "CPU µs a row", 2)])
    names = list(results)
    ours, peer = results[names[0]], results[names[1]]
    report.bar("append and free: C ÷ amphora, rows/s", ratio(median(peer, "rows_s"), median(ours, "rows_s")), 1 / 0.9)
    report.bar("append and free: p50 ÷ C", ratio(median(ours, "p50_us"), median(peer, "p50_us")), 1.2)
    if os.geteuid() != 0:
        print("\ndevice bytes: not measured, a loop device needs root")
        report.bar("device bytes a byte of JSON, one record a commit", None, 1.5)
        return
    single, burst = (1500, 100) if quick else (3000, 300)
    cases = []
    for words, each, transactions in (("one record a commit", 1, single), ("16 records a commit", 16, burst)):
        cases += [
            (f"amphora, {words}", lambda each=each, n=transactions: device_case([OURS, "FILE", n, each, records], n)),
            (f"C same, page 4096, {words}", lambda each=each, n=transactions: device_case([PEER, "FILE", n, each, records, 4096, "same"], n)),
            (f"C same, page 2048, {words}", lambda each=each, n=transactions: device_case([PEER, "FILE", n, each, records, 2048, "same"], n)),
            (f"C own, page 4096, {words}", lambda each=each, n=transactions: device_case([PEER, "FILE", n, each, records, 4096, "own"], n)),
        ]
    results = report.rotate(cases, 1 if quick else rounds)
    report.table("records of 16 packs (10.6 kB of JSON) to the device and away again", results, [
        ("device_ratio", "device bytes a byte", 2), ("writes", "device writes a commit", 2), ("p50_us", "p50 µs", 0)])
    names = list(results)
    report.bar("device bytes a byte of JSON, one record a commit", median(results[names[0]], "device_ratio"), 1.5)
    report.bar("device bytes a byte of JSON, bursts of 16", median(results[names[4]], "device_ratio"), 1.0)
    report.bar("device writes a commit", median(results[names[0]], "writes"), 2.3)
