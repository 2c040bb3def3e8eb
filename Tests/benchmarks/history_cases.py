"""What a chart costs the store, whatever it spans."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

from fleet_cases import FLEET, postgres
from report import median, ratio
from rig import BOUND, TOOLS

DAY = 86_400_000
# a midnight of UTC, at which a day's windows are whole
END = 1_790_035_200_000
STEP = 10_000
COLUMNS = ("gateway, epoch, seq, time_ms, time_quality, mode, packs_configured, packs_online, voltage_mv, current_ma, power_w, soc_cpct, "
           "charge_rule, discharge_rule, warnings, protections, faults, profile, keep_alive, bus")


def fill_statements(days):
    """One gateway, a measurement each ten seconds, up to END; written past ingest, for that is not what is measured."""
    count, first = days * DAY // STEP, END - days * DAY
    values = (f"1, 1, n, {first} + (n - 1) * {STEP}, 0, 'running', 16, 16, 52000 + n % 700, n * 37 % 90000 - 45000, n * 37 % 5000 - 2500, "
              "n / 60 % 10000, '', '', '', '', '', '', '', ''")
    marks = f"INSERT INTO rollup_mark (tier, start_ms, gateway) SELECT 2, {first} + n * 900000, 1 FROM "
    return (f"INSERT INTO bank_sample ({COLUMNS}) SELECT {values} FROM ", count), (marks, days * 96)


def numbers(kind, first, count):
    if kind == "postgres":
        return f"generate_series({first}::bigint, {first + count - 1}) AS s(n)"
    return f"(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {first + count - 1}) SELECT n FROM s)"


def window_columns(rows):
    """All but the times of a window, which move."""
    return [name for name in rows if name not in ("start_ms", "first_ms", "last_ms", "first_power_ms", "last_power_ms")]


def older_years(names, years, days):
    """The same windows once more for each year before, for charts of many years."""
    moved = ["start_ms", "first_ms", "last_ms", "first_power_ms", "last_power_ms"]
    rest = ", ".join(window_columns(names))
    for table in ("rollup_quarter", "rollup_day"):
        for year in range(1, years):
            times = ", ".join(f"{name} - {year * days * DAY}" for name in moved)
            yield (f"INSERT INTO {table} ({', '.join(moved)}, {rest}) SELECT {times}, {rest} FROM {table} "
                   f"WHERE start_ms >= {END - days * DAY}")


@contextlib.contextmanager
def database(kind, priority=()):
    if kind == "postgres":
        with postgres(priority) as (address, query):
            yield address, query
        return
    folder = pathlib.Path(tempfile.mkdtemp(prefix="amphora-bench.", dir=TOOLS))
    path = folder / "fleet.db"

    def run(sql):
        with contextlib.closing(sqlite3.connect(path, timeout=60)) as connection, connection:
            return "\n".join("|".join(str(value) for value in row) for row in connection.execute(sql).fetchall())
    try:
        yield f"sqlite:{path}", run
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fleet(*words, before=()):
    run = subprocess.run([*BOUND, *before, FLEET, *(str(word) for word in words)], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr[-400:])
    return run.stdout


def prepare(kind, address, run, days):
    """Samples of `days`, rolled up, and windows of five such spans; how long the roll-up took."""
    fleet("history", "roll-up", "--store", address)
    run("INSERT INTO gateway (name) VALUES ('house-1')")
    for statement, count in fill_statements(days):
        for first in range(0 if "rollup_mark" in statement else 1, count, 500_000):
            run(statement + numbers(kind, first, min(500_000, count - first + ("bank" in statement))))
    run("ANALYZE")
    began = time.monotonic()
    fleet("history", "roll-up", "--store", address)
    seconds = time.monotonic() - began
    if kind == "postgres":
        names = run("SELECT column_name FROM information_schema.columns WHERE table_name = 'rollup_day' "
                    "AND table_schema = current_schema()").split("\n")
    else:
        names = [line.split("|")[1] for line in run("SELECT * FROM pragma_table_info('rollup_day')").split("\n")]
    for statement in older_years(names, 5, days):
        run(statement)
    if kind == "postgres":
        run("VACUUM ANALYZE")
    if int(run("SELECT count(*) FROM rollup_mark")) or int(run("SELECT count(*) FROM rollup_quarter")) != 5 * 96 * days:
        raise RuntimeError("the roll-up is not whole")
    return seconds


def stamp(milliseconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(milliseconds / 1000))


def chart(address, days, before=(), quantity="power", times=400):
    words = ["history", "chart", "house-1", "--store", address, "--quantity", quantity, "--points", 1000, "--repeat", times,
             "--from", stamp(END - days * DAY), "--to", stamp(END)]
    return json.loads(fleet(*words, before=before))


def history(report, priority, rounds, quick):
    year = 37 if quick else 365
    for kind, name in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        with database(kind, priority) as (address, run):
            seconds = prepare(kind, address, run, year)
            samples = year * DAY // STEP
            print(f"\n{name}: {samples} samples rolled up in {seconds:.0f} s, {seconds * 1e6 / samples:.1f} µs each", flush=True)
            spans = {"a day": 1, "a month": 31, "a year": year, "five years": 5 * year}
            results = report.rotate([(f"{name}: {words}", lambda days=days: chart(address, days, priority)) for words, days in spans.items()], rounds)
            report.table(f"a chart of 1000 points in {name}, {samples} samples behind it", results, [
                ("points", "points", 0), ("p50_ms", "p50 ms", 2), ("p99_ms", "p99 ms", 2)])
            rows = {words: results[f"{name}: {words}"] for words in spans}
            report.bar(f"{name}: chart of a year, p99", median(rows["a year"], "p99_ms"), 3, " ms", 2)
            report.bar(f"{name}: chart of a month, p99", median(rows["a month"], "p99_ms"), 6, " ms", 2)
            report.bar(f"{name}: chart, five years ÷ a month, p50", ratio(median(rows["five years"], "p50_ms"), median(rows["a month"], "p50_ms")), 1.5)
            report.bar(f"{name}: chart, five years ÷ a day, p50", ratio(median(rows["five years"], "p50_ms"), median(rows["a day"], "p50_ms")), 2.0)
