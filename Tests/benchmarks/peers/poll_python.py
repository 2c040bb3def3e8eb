"""Reads register blocks of several units in turn with a Python library and its own time-out (minimalmodbus: 1 s).

    poll_python.py pymodbus|pymodbus-async|minimalmodbus DEVICE BAUD CYCLES UNITS ADDRESS:COUNT[,…]

Prints one JSON object: good and failed reads and the processor time of one read.
"""

import asyncio
import json
import sys
import time


class Tally:
    def __init__(self):
        self.good = self.failed = 0
        self.began = time.process_time()

    def note(self, ok):
        if ok:
            self.good += 1
        else:
            self.failed += 1

    def print(self):
        cpu = (time.process_time() - self.began) * 1e6
        print(json.dumps({"good": self.good, "failed": self.failed, "cpu_us": round(cpu / max(1, self.good), 1)}))


def requests(cycles, units, blocks):
    for _ in range(cycles):
        for unit in range(1, units + 1):
            for address, count in blocks:
                yield unit, address, count


def run_minimalmodbus(device, baud, plan, tally):
    import minimalmodbus

    instruments = {}
    for unit, address, count in plan:
        if unit not in instruments:
            instruments[unit] = minimalmodbus.Instrument(device, unit)
            instruments[unit].serial.baudrate = baud
            instruments[unit].serial.timeout = 1  # its own 50 ms are shorter than an answer at 9600
        try:
            tally.note(len(instruments[unit].read_registers(address, count)) == count)
        except OSError:
            tally.note(False)


def run_pymodbus(device, baud, plan, tally):
    from pymodbus import ModbusException
    from pymodbus.client import ModbusSerialClient

    client = ModbusSerialClient(device, baudrate=baud)
    client.connect()
    for unit, address, count in plan:
        try:
            answer = client.read_holding_registers(address, count=count, device_id=unit)
            tally.note(not answer.isError() and len(answer.registers) == count)
        except ModbusException:
            tally.note(False)
            client.connect()


async def run_pymodbus_async(device, baud, plan, tally):
    from pymodbus import ModbusException
    from pymodbus.client import AsyncModbusSerialClient

    client = AsyncModbusSerialClient(device, baudrate=baud)
    await client.connect()
    for unit, address, count in plan:
        try:
            answer = await client.read_holding_registers(address, count=count, device_id=unit)
            tally.note(not answer.isError() and len(answer.registers) == count)
        except ModbusException:
            tally.note(False)
            if not client.connected:
                await client.connect()
    client.close()


def main():
    library, device, baud, cycles, units, blocks = sys.argv[1:7]
    pairs = [tuple(map(int, block.split(":"))) for block in blocks.split(",")]
    plan = requests(int(cycles), int(units), pairs)
    tally = Tally()
    baud = int(baud) or 115200
    if library == "minimalmodbus":
        run_minimalmodbus(device, baud, plan, tally)
    elif library == "pymodbus":
        run_pymodbus(device, baud, plan, tally)
    else:
        asyncio.run(run_pymodbus_async(device, baud, plan, tally))
    tally.print()


main()
