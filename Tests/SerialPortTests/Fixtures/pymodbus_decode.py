"""Decodes requests with pymodbus: lines "rtu HEX" or "tcp HEX" in, "UNIT FUNCTION ADDRESS COUNT" out."""

import sys

from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU

framers = {"rtu": FramerRTU(DecodePDU(True)), "tcp": FramerSocket(DecodePDU(True))}
for line in sys.stdin:
    kind, text = line.split()
    data = bytes.fromhex(text)
    used, pdu = framers[kind].handleFrame(data, 0, 0)
    if pdu is None or used != len(data):
        print("none", flush=True)
    else:
        print(pdu.dev_id, pdu.function_code, pdu.address, pdu.count, flush=True)
