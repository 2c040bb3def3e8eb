#!/usr/bin/env python3
"""Writes Sources/CFleetWeb/files.c from what lies in Sources/FleetWeb/App; run it after adding a file there."""
import pathlib

root = pathlib.Path(__file__).resolve().parents[2]
app = root / "Sources/FleetWeb/App"
paths = sorted(p.relative_to(app).as_posix() for p in app.rglob("*") if p.is_file())
lines = [
    "// Made by Tests/app_rig/list_files.py from what lies in Sources/FleetWeb/App.",
    '#include "CFleetWeb.h"',
    "",
    '#pragma clang diagnostic ignored "-Wc23-extensions"',
    "",
]
for place, path in enumerate(paths):
    lines += [f"static const unsigned char file{place}[] = {{", f'#embed "../FleetWeb/App/{path}"', "};"]
lines += ["", "static const struct amphora_web_file files[] = {"]
lines += [f'    {{"{path}", file{place}, sizeof file{place}}},' for place, path in enumerate(paths)]
lines += [
    "};",
    "",
    "size_t amphora_web_file_count(void) { return sizeof files / sizeof *files; }",
    "",
    "const struct amphora_web_file *amphora_web_file_at(size_t place) {",
    "    return &files[place < amphora_web_file_count() ? place : 0];",
    "}",
    "",
]
target = root / "Sources/CFleetWeb/files.c"
text = "\n".join(lines)
if not target.exists() or target.read_text() != text:
    target.write_text(text)
