"""Rotates the cases of a benchmark and prints medians, spreads and bars."""

import json
import os
import statistics
import sys
import time


class Report:
    """Collects rows and verdicts; every raw result goes to a file as well."""

    def __init__(self, raw_path):
        self.raw = open(raw_path, "a")
        self.verdicts = []

    def rotate(self, cases, rounds):
        """Runs each case once a round, A B C A B C, and returns the results by name."""
        results = {name: [] for name, _ in cases}
        for number in range(rounds):
            for name, run in cases:
                print(f"  round {number + 1}/{rounds}: {name} …", file=sys.stderr, flush=True)
                try:
                    result = run()
                except Exception as error:  # one broken peer must not hide the other figures
                    print(f"  {name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
                    continue
                results[name].append(result)
                line = {"case": name, "round": number, "at": time.time(), "load": os.getloadavg()[0], **result}
                self.raw.write(json.dumps(line) + "\n")
                self.raw.flush()
        return results

    def table(self, title, results, fields):
        """Prints median [lowest..highest] of each field; a field is (key, heading, digits)."""
        print(f"\n### {title}\n")
        print("| case | n | " + " | ".join(heading for _, heading, _ in fields) + " |")
        print("|---" * (len(fields) + 2) + "|")
        for name, rows in results.items():
            cells = [spread(rows, key, digits) for key, _, digits in fields]
            print(f"| {name} | {len(rows)} | " + " | ".join(cells) + " |")

    def bar(self, what, value, limit, unit="", digits=3):
        """Notes whether a figure keeps its bar; a figure that was not measured misses it."""
        met = value is not None and value <= limit
        shown = "not measured" if value is None else f"{value:.{digits}f}{unit}"
        self.verdicts.append((what, shown, f"≤ {limit:.{digits}f}{unit}", "pass" if met else "MISS"))

    def finish(self):
        """Prints all bars; returns the exit status."""
        print("\n### bars\n\n| figure | measured | bar | |\n|---|---|---|---|")
        for row in self.verdicts:
            print("| " + " | ".join(row) + " |")
        missed = sum(1 for row in self.verdicts if row[3] != "pass")
        print(f"\n{len(self.verdicts) - missed} of {len(self.verdicts)} bars kept")
        return 1 if missed else 0


def spread(rows, key, digits):
    values = [row[key] for row in rows if isinstance(row.get(key), (int, float))]
    if not values:
        return "–"
    middle = f"{statistics.median(values):.{digits}f}"
    return middle if len(values) == 1 else f"{middle} [{min(values):.{digits}f}..{max(values):.{digits}f}]"


def median(rows, key):
    values = [row[key] for row in rows if isinstance(row.get(key), (int, float))]
    return statistics.median(values) if values else None


def ratio(ours, theirs):
    return ours / theirs if ours is not None and theirs else None
