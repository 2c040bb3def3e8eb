"""Many clients that listen at once, in one process: listeners.py sse|mqtt PORT PLAN.

PLAN is a JSON file with a pair [token, gateway] for each client; without a gateway it listens to the whole tenant.
`sse` keeps a stream of GET /v1/events for each, `mqtt` a client at the broker. Prints a line of JSON when each of them
has heard something, takes records made from then on into account, and prints what it heard after a line on
standard input. The lag of a record is the time from its stamp to when it was read here, on one machine with one clock.
"""

import datetime
import json
import re
import resource
import selectors
import socket
import sys
import time

kind, port, plan = sys.argv[1], int(sys.argv[2]), json.load(open(sys.argv[3]))
MADE = re.compile(rb'"made":"([^"]+)"')
WALL = re.compile(rb'"wall":"([^"]+)"')
BUSY = re.compile(rb"HTTP/1.1 503 .*?retry-after: (\d+)", re.DOTALL | re.IGNORECASE)
again = []
selector = selectors.DefaultSelector()
heard, lags, counts, trouble = set(), {}, {"live": 0, "fleet": 0, "alarms": 0, "ended": 0, "refused": 0, "bytes": 0}, []
began = time.time()
from_ms = None


def milliseconds(match):
    return round(datetime.datetime.fromisoformat(match.group(1).decode()).timestamp() * 1000)


def count_record(number, made_ms, now):
    """Each record of each client once, the first time."""
    if from_ms and made_ms >= from_ms:
        lags.setdefault((number, made_ms), now * 1000 - made_ms)


class Stream:
    """A browser's end of GET /v1/events."""

    def __init__(self, number, token, gateway):
        self.number, self.rest = number, b""
        query = f"?gateway={gateway}" if gateway else ""
        self.request = f"GET /v1/events{query} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.socket.sendall(self.request)
        self.socket.setblocking(False)

    def read(self, now):
        part = self.socket.recv(1 << 18)
        if not part:
            trouble.append(self.rest[-200:].decode("latin-1"))
            counts["ended"] += 1
            selector.unregister(self.socket)
            return
        counts["bytes"] += len(part)
        busy = BUSY.match(part)
        if busy:
            # many at once are told to come again; the connection stays
            counts["refused"] += 1
            again.append((now + int(busy.group(1)), self))
            return
        *events, self.rest = (self.rest + part).split(b"\n\n")
        for event in events:
            if b"event: live\n" in event:
                counts["live"] += 1
                made = MADE.search(event)
                if made:
                    count_record(self.number, milliseconds(made), now)
            elif b"event: fleet\n" in event:
                counts["fleet"] += 1
            elif b"event: alarms\n" in event:
                counts["alarms"] += 1
            else:
                continue
            heard.add(self.number)


class Subscriber:
    """A client of the broker that hears what a stream is about."""

    def __init__(self, number, token, gateway):
        import paho.mqtt.client as mqtt
        self.number = number
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"listener-{number}")
        self.client.on_message = self.message
        self.client.on_connect = lambda client, *_: client.subscribe(f"amphora/v1/{gateway or '+'}/up/telemetry", 0)
        self.client.connect("127.0.0.1", port)
        self.socket = self.client.socket()

    def message(self, client, data, message):
        heard.add(self.number)
        counts["live"] += 1
        counts["bytes"] += len(message.payload)
        count_record(self.number, milliseconds(WALL.search(message.payload)), self.now)

    def read(self, now):
        self.now = now
        self.client.loop_read()
        while self.client.want_write():
            self.client.loop_write()


clients = []
for number, (token, gateway) in enumerate(plan):
    client = (Stream if kind == "sse" else Subscriber)(number, token, gateway)
    clients.append(client)
    selector.register(client.socket, selectors.EVENT_READ, client)
selector.register(sys.stdin, selectors.EVENT_READ, None)

is_over = False
while not is_over:
    for moment, client in [one for one in again if one[0] <= time.time()]:
        again.remove((moment, client))
        client.socket.sendall(client.request)
    for key, _ in selector.select(0.1 if again else 1):
        if key.data is None:
            sys.stdin.readline()
            is_over = True
        else:
            key.data.read(time.time())
    if from_ms is None and len(heard) == len(plan):
        from_ms = time.time() * 1000
        print(json.dumps({"opened_s": time.time() - began}), flush=True)
    elif from_ms is None and time.time() - began > 60:
        raise SystemExit(f"only {len(heard)} of {len(plan)} heard something within 60 s; {counts} {trouble[:2]}")
    for client in clients if kind == "mqtt" else []:
        client.client.loop_misc()

spent = sorted(lags.values())
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    **counts, "heard": len(spent), "from_ms": from_ms, "cpu_s": used.ru_utime + used.ru_stime, "trouble": trouble[:2],
    **{name: spent[min(len(spent) - 1, len(spent) * share // 1000)] for name, share in (("p50", 500), ("p99", 990), ("max", 1000)) if spent}}))
