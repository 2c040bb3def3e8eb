"""Runs cases of one group and prints a line for each: `ok NAME` or `FAILED NAME: why`.

usage: cases.py --program PATH GROUP [CASE…] | cases.py --list
"""
import argparse
import concurrent.futures
import importlib
import inspect
import traceback

import rig

GROUPS = ["basic", "keys", "rollback", "expiry", "delegation", "download", "limits", "storage"]


def cases(group):
    module = importlib.import_module(f"cases_{group}")
    return {
        name[len("case_"):]: value for name, value in vars(module).items()
        if name.startswith("case_") and inspect.isfunction(value)}


def run(function):
    try:
        function()
        return None
    except Exception:
        return traceback.format_exc(limit=-3).replace("\n", " | ")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("group", nargs="?", choices=GROUPS)
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    if arguments.list:
        for group in GROUPS:
            for name in cases(group):
                print(f"{group} {name}")
        return
    rig.Client.program = arguments.program
    chosen = cases(arguments.group)
    if arguments.case:
        chosen = {name: chosen[name] for name in arguments.case}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        outcomes = {name: pool.submit(run, function) for name, function in chosen.items()}
        for name, outcome in outcomes.items():
            fault = outcome.result()
            print(f"ok {name}" if fault is None else f"FAILED {name}: {fault}", flush=True)


if __name__ == "__main__":
    main()
