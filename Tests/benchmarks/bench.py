"""Measures Amphora beside its peers; called by Tests/bench."""

import argparse
import os
import sys

import api_cases
import codec_cases
import door_cases
import fleet_cases
import history_cases
import job_cases
import line_cases
import live_cases
import outbox_cases
import update_cases
from report import Report
from rig import TOOLS, Priority

CASES = {
    "poll": line_cases.poll, "dead": line_cases.dead, "latency": job_cases.latency, "jitter": job_cases.jitter,
    "job": job_cases.job, "drain": job_cases.drain, "start": job_cases.start, "encode": codec_cases.encode,
    "decode": codec_cases.decode, "load": codec_cases.load, "outbox": outbox_cases.outbox,
    "replay": fleet_cases.replay, "day": fleet_cases.day, "ingest": fleet_cases.ingest, "fleet": fleet_cases.fleet,
    "history": history_cases.history, "api": api_cases.api, "live": live_cases.live,
    "identity": door_cases.doors, "update": update_cases.update,
}


def main():
    parser = argparse.ArgumentParser(prog="Tests/bench", description="Measures Amphora beside its peers in the same run.")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"all or some of: {' '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=3, help="rotations of all cases (default 3)")
    parser.add_argument("--quick", action="store_true", help="one round, short: shows that it runs, not a figure to quote")
    words = parser.parse_args()
    chosen = list(CASES) if not words.figures or "all" in words.figures else words.figures
    for name in chosen:
        if name not in CASES:
            parser.error(f"unknown figure '{name}', expected some of: {' '.join(CASES)}")
    report = Report(TOOLS / "raw.jsonl")
    with Priority() as priority:
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}; {priority.words}; jitter, job and drain run at ordinary priority")
        print("values: median [lowest..highest]; cases rotate; pack_bus counts and times for all")
        for name in chosen:
            CASES[name](report, priority.command, 1 if words.quick else words.rounds, words.quick)
    return report.finish()


sys.exit(main())
