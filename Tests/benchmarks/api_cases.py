"""What the API answers within, measured by a client on the same machine that keeps its connection."""

import contextlib
import http.client
import re
import signal
import socket
import subprocess
import time

from fleet_cases import FLEET
from history_cases import DAY, END, STEP, database, fleet, numbers, prepare, stamp
from report import median, ratio
from rig import BOUND

GATEWAYS = 10_000
# What is measured runs at real-time priority, and Linux stops whatever does so for 50 ms once it has had 950 ms of a second
# (sched_rt_runtime_us). Asked without a pause, a server would be stopped each second, and that would be its 99th of 100.
PAUSE = 0.1


def more_gateways(kind, run, count):
    """Gateways that measured a moment ago, every tenth with an alarm; written past ingest, for that is not what is measured."""
    now = int(time.time() * 1000)
    run("INSERT INTO gateway (name) SELECT 'house-' || n FROM " + numbers(kind, 2, count - 1))
    run("INSERT INTO bank_state (gateway, epoch, seq, time_ms, time_quality, made_ms, mode, packs_configured, packs_online, voltage_mv, current_ma, "
        "power_w, soc_cpct, charge_rule, discharge_rule, warnings, protections, faults, profile, keep_alive, bus) "
        f"SELECT id, 1, 1, {now} - id, 0, {now} - id, 'running', 16, 16, 52000, 1000, 52, 5000, '', '', '', '', '', '', '', '' FROM gateway WHERE id > 1")
    run("INSERT INTO alarm (gateway, code, level, pack, raised_ms, last_ms, cleared_ms, times, message, ending, acknowledged_ms, acknowledged_by) "
        f"SELECT id, 'pack_silent', 'warning', 1, {now} - id, {now} - id, 0, 1, '', '', 0, '' FROM gateway WHERE id % 10 = 0")
    run("INSERT INTO device (id, label, device_group, tags, needs_approval, created_ms, model, region) SELECT 'house-' || n, "
        "'Familie Müller-Lüdenscheidt ' || n, 'group-' || (n % 50), '', 0, 0, 'CM4', 'Tirol' FROM " + numbers(kind, 1, count))
    run("INSERT INTO tenant_gateway (gateway, tenant) SELECT 'house-' || n, 'north' FROM " + numbers(kind, 1, count))
    run("ANALYZE")


@contextlib.contextmanager
def server(address, priority):
    fleet("tenants", "add", "north", "--store", address)
    fleet("users", "add", "otto", "--tenant", "north", "--role", "operator", "--store", address)
    token = re.search(r"amphora_[0-9a-z]{26}", fleet("users", "token", "otto", "--scope", "read", "--scope", "configure", "--store", address)).group()
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    child = subprocess.Popen([*BOUND, *priority, FLEET, "serve", "--store", address, "--listen", f"127.0.0.1:{ports[0]}", "--api", f"127.0.0.1:{ports[1]}"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", ports[1]), 1):
                break
            time.sleep(0.1)
        yield ports[1], token, child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


def asked(place, path, times):
    """Milliseconds from a question to the last byte of its answer."""
    port, token, _ = place
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    spent = []
    for _ in range(times + 20):
        began = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        content = answer.read()
        spent.append((time.perf_counter() - began) * 1000)
        time.sleep(spent[-1] / 1000 * PAUSE)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:200]}")
    connection.close()
    spent = sorted(spent[20:])
    return {"kB": len(content) / 1000, "p50_ms": spent[(len(spent) - 1) // 2], "p99_ms": spent[(len(spent) - 1) * 99 // 100]}


def chart(days):
    return f"/v1/gateways/house-1/history?quantity=power_mw&pixels=1000&from={stamp(END - days * DAY)}&to={stamp(END)}"


def api(report, priority, rounds, quick):
    year, count = (37, 1000) if quick else (365, GATEWAYS)
    for kind, name in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")):
        with database(kind, priority) as (address, run):
            prepare(kind, address, run, year)
            more_gateways(kind, run, count)
            with server(address, priority) as place:
                paths = {"a month": chart(31), "a year": chart(year), "five years": chart(5 * year), "a page by id": "/v1/gateways",
                         "a page, the worst first": "/v1/gateways?order=alarm", "summary": "/v1/summary",
                         # found nowhere, so that all are looked at; found at the end; and what an app asks for
                         "a search for nothing": "/v1/gateways?order=alarm&search=m%C3%9CLLER%20nobody",
                         "a search for one": f"/v1/gateways?search=house-{count}",
                         "a search for many": "/v1/gateways?order=alarm&search=m%C3%BCller&freshness=live&alarms=unacknowledged&group=group-0"}
                results = report.rotate([(f"{name}: {words}", lambda path=path: asked(place, path, 400)) for words, path in paths.items()], rounds)
            report.table(f"the API with {name}: charts of 1000 points with {year * DAY // STEP} samples behind them, pages of 100 of {count} gateways",
                         results, [("kB", "kB", 1), ("p50_ms", "p50 ms", 2), ("p99_ms", "p99 ms", 2)])
            rows = {words: results[f"{name}: {words}"] for words in paths}
            report.bar(f"{name}: chart of a year at the API, p99", median(rows["a year"], "p99_ms"), 20, " ms", 2)
            report.bar(f"{name}: chart at the API, five years ÷ a month, p50", ratio(median(rows["five years"], "p50_ms"), median(rows["a month"], "p50_ms")), 1.5)
            for words in ("a page by id", "a page, the worst first", "a search for nothing", "a search for one", "a search for many"):
                report.bar(f"{name}: {words} of {count} gateways at the API, p99", median(rows[words], "p99_ms"), 30, " ms", 2)
