"""The gateway's main job in Python with the libraries one would take: pymodbus, cantools, sqlite3, paho.

    gateway.py DEVICE BAUD CAN_DEVICE BROKER_PORT DATABASE SECONDS FRAMES.dbc

Every second: three blocks of 16 packs, six frames to an SLCAN device, one JSON record into a SQLite
outbox (WAL, synchronous FULL), published by QoS 1; acknowledged rows leave in the next transaction.
"""

import asyncio
import json
import os
import sqlite3
import sys
import time

import cantools
import paho.mqtt.client as mqtt
from pymodbus.client import AsyncModbusSerialClient

BLOCKS = ((0, 15), (15, 42), (57, 25))


def signed(word):
    return word - 65536 if word > 32767 else word


class Outbox:
    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("PRAGMA journal_mode=WAL")
        self.database.execute("PRAGMA synchronous=FULL")
        self.database.execute("CREATE TABLE IF NOT EXISTS record(id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB)")
        self.acknowledged = []

    def append(self, body):
        done, self.acknowledged = self.acknowledged, []
        self.database.execute("BEGIN IMMEDIATE")
        self.database.executemany("DELETE FROM record WHERE id=?", [(row,) for row in done])
        row = self.database.execute("INSERT INTO record(body) VALUES(?)", (body,)).lastrowid
        self.database.execute("COMMIT")
        return row


def pack_document(number, r):
    return {
        "pack": number, "serial": f"BENCH{number:015d}", "status": "online",
        "age_ms": {"values": 120, "cells": 120, "flags": 120},
        "voltage_v": r[1] / 100, "current_a": signed(r[0]) / 100, "soc_pct": r[2], "soh_pct": r[3],
        "remaining_ah": r[4] / 100, "full_ah": r[5] / 100, "cycles": r[7],
        "charge_current_limit_a": None, "discharge_current_limit_a": None,
        "mosfet_temperature_c": signed(r[35]) / 10, "ambient_temperature_c": signed(r[36]) / 10,
        "cells_mv": r[15:31], "probes_c": [signed(word) / 10 for word in r[31:35]], "balancing": r[12],
        "charge_switch": True, "discharge_switch": True, "warnings": [], "protections": [],
        "faults": [], "flag_words": r[9:12],
    }


class Bus:
    def __init__(self, path, dbc):
        self.port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        os.write(self.port, b"S6\rO\r")
        self.messages = cantools.database.load_file(dbc)

    def send(self, name, values):
        message = self.messages.get_message_by_name(name)
        data = message.encode({signal.name: values.get(signal.name, 0) for signal in message.signals})
        os.write(self.port, f"t{message.frame_id:03X}{len(data)}{data.hex().upper()}\r".encode())

    def send_all(self, packs):
        count = len(packs)
        self.send("Alarms", {"Modules": count, "TagP": 80, "TagN": 78})
        self.send("Limits", {"ChargeVoltage": 56.0, "ChargeCurrent": 800, "DischargeCurrent": 1600, "DischargeVoltage": 44.8})
        self.send("State", {"StateOfCharge": sum(r[2] for r in packs) // count, "StateOfHealth": packs[0][3]})
        self.send("Measurements", {
            "Voltage": sum(r[1] for r in packs) / count / 100,
            "Current": sum(signed(r[0]) for r in packs) / 100, "Temperature": packs[0][31] / 10})
        self.send("Requests", {"DischargeEnable": 1, "ChargeEnable": 1})
        self.send("Manufacturer", {"Name": int.from_bytes(b"PYLON   ", "little")})
        try:
            os.read(self.port, 512)
        except BlockingIOError:
            pass


async def main():
    device, baud, can, broker, path, seconds, dbc = sys.argv[1:8]
    outbox, bus, rows = Outbox(path), Bus(can, dbc), {}
    link = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bench-python")
    link.on_publish = lambda client, context, mid, reason, properties: outbox.acknowledged.append(rows.pop(mid, 0))
    link.connect("127.0.0.1", int(broker))
    link.loop_start()
    line = AsyncModbusSerialClient(device, baudrate=int(baud), timeout=1)
    await line.connect()
    due = time.monotonic()
    end = due + float(seconds)
    sequence = 0
    while time.monotonic() < end:
        packs = []
        for unit in range(1, 17):
            words = []
            for address, count in BLOCKS:
                answer = await line.read_holding_registers(address, count=count, device_id=unit)
                words += answer.registers if not answer.isError() else [0] * count
            packs.append(words)
        bus.send_all(packs)
        document = {"schema": "bench", "seq": sequence, "packs": [pack_document(n, r) for n, r in enumerate(packs, 1)]}
        body = json.dumps(document, separators=(",", ":")).encode()
        row = outbox.append(body)
        rows[link.publish("bench/telemetry", body, 1).mid] = row
        sequence += 1
        due += 1
        await asyncio.sleep(max(0, due - time.monotonic()))


asyncio.run(main())
