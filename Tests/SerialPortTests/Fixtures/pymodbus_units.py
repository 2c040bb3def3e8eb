"""Units played by pymodbus: holding register i is 1000 + i, input register i is 2000 + i, bit i is
set when i divides by 3; 200 of each, anything beyond is refused.

usage: pymodbus_units.py rtu DEVICE | tcp PORT | rtu-over-tcp PORT     (units 1...16)

Prints "ready" when it listens; ends with its standard input.
"""

import asyncio
import os
import sys
import threading

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def unit(number):
    bits = [SimData(0, values=[i % 3 == 0 for i in range(200)], datatype=DataType.BITS)]
    holding = [SimData(0, values=[1000 + i for i in range(200)], datatype=DataType.REGISTERS)]
    inputs = [SimData(0, values=[2000 + i for i in range(200)], datatype=DataType.REGISTERS)]
    return SimDevice(number, simdata=(bits, bits, holding, inputs))


async def serve(kind, place):
    units = [unit(number) for number in range(1, 17)]
    if kind == "rtu":
        server = ModbusSerialServer(units, framer=FramerType.RTU, port=place, baudrate=19200)
    else:
        framer = FramerType.SOCKET if kind == "tcp" else FramerType.RTU
        server = ModbusTcpServer(units, framer=framer, address=("127.0.0.1", int(place)))
    await server.serve_forever(background=True)
    print("ready", flush=True)
    await server.serving


threading.Thread(target=end_with_parent, daemon=True).start()
asyncio.run(serve(sys.argv[1], sys.argv[2]))
