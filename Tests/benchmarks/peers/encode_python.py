"""cantools on the shipped layout: time for a frame, and how its generated C rounds.

  encode_python.py DBC SETS             nanoseconds of processor time for a frame
  encode_python.py DBC rounding FOLDER  physical values that come out one step off in generated C
"""

import json
import pathlib
import re
import subprocess
import sys
import time

import cantools

NAMES = ["Limits", "State", "Measurements", "Alarms", "Requests", "Manufacturer"]


def timed(messages, sets):
    quiet = {name: {signal.name: 0 for signal in messages[name].signals} for name in NAMES}
    began = time.process_time()
    for i in range(sets):
        volts = 52.0 + (i % 97) * 0.1
        values = {
            "Limits": {"ChargeVoltage": volts, "ChargeCurrent": volts, "DischargeCurrent": volts, "DischargeVoltage": volts - 8},
            "State": {"StateOfCharge": i % 101, "StateOfHealth": 99},
            "Measurements": {"Voltage": volts, "Current": -volts, "Temperature": volts / 2},
            "Alarms": {**quiet["Alarms"], "ProtectionOvervoltage": i & 1, "Modules": i % 17, "TagP": 80, "TagN": 78},
            "Requests": {**quiet["Requests"], "ForceCharge2": i & 1, "ChargeEnable": 1, "DischargeEnable": 1},
            "Manufacturer": {"Name": 0x2020204E4F4C5950},
        }
        for name in NAMES:
            messages[name].encode(values[name])
    return {"enc_ns_frame": (time.process_time() - began) / sets / len(NAMES) * 1e9, "frames": sets * len(NAMES)}


# Every number a field can hold, handed over as the physical value and asked back.
PROBE = """
#include "layout.h"
#include <stdio.h>
int main(void)
{
    long wrong = 0, all = 0;
    for (long raw = %(low)d; raw <= %(high)d; raw++, all++)
        wrong += %(function)s(raw * %(scale)s) != raw;
    printf("%%ld %%ld\\n", wrong, all);
    return 0;
}
"""


def rounding(path, folder):
    folder = pathlib.Path(folder)
    subprocess.run([sys.executable, "-m", "cantools", "generate_c_source", "--database-name", "layout", str(path)],
                   cwd=folder, check=True, capture_output=True)
    header = (folder / "layout.h").read_text()
    probes = [("limits_charge_voltage", 0, 65535, "0.1"), ("limits_charge_current", -32768, 32767, "0.1"),
              ("measurements_voltage", -32768, 32767, "0.01")]
    wrong = total = 0
    for name, low, high, scale in probes:
        function = re.search(rf"(layout_{name}_encode)\(", header).group(1)
        (folder / "probe.c").write_text(PROBE % {"low": low, "high": high, "function": function, "scale": scale})
        subprocess.run(["gcc", "-O2", "-o", "probe", "probe.c", "layout.c", "-lm"], cwd=folder, check=True, capture_output=True)
        result = subprocess.run([folder / "probe"], check=True, capture_output=True, text=True).stdout.split()
        wrong += int(result[0])
        total += int(result[1])
    return {"off_by_one": wrong, "values": total}


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    if sys.argv[2] == "rounding":
        print(json.dumps(rounding(path, sys.argv[3])))
        return
    database = cantools.database.load_file(path)
    print(json.dumps(timed({message.name: message for message in database.messages}, int(sys.argv[2]))))


main()
