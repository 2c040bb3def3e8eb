"""A TCP proxy between an MQTT client and its broker that does what bad networks do, packet by packet."""

import asyncio
import collections
import random
import socket
import struct
import threading

from packets import Splitter

SEGMENT = 1460


class Satellite:
    """A link with a long way and losses, as TCP shows it to those who use it.

    A lost segment comes after its retransmission time, doubled for each further loss, and what was
    sent after it waits for it.
    """

    def __init__(self, seed, one_way_s=0.3, loss=0.02, retransmission_s=0.8):
        self.random = random.Random(seed)
        self.one_way, self.loss, self.retransmission = one_way_s, loss, retransmission_s
        self.segments = self.lost = 0
        self.block = []

    def is_lost(self):
        """True for the given share of calls, evenly spread, so that a short run has its losses too."""
        if not self.block:
            self.block = [True] + [False] * (round(1 / self.loss) - 1)
            self.random.shuffle(self.block)
        return self.block.pop()

    def delay(self):
        """Seconds until one segment is there."""
        seconds, wait = self.one_way, self.retransmission
        self.segments += 1
        while self.is_lost():
            self.lost += 1
            seconds, wait = seconds + wait, wait * 2
        return seconds


class Connection:
    """One connection of a client, both ways."""

    def __init__(self, near, far):
        self.writers = {"up": far, "down": near}
        self.passed = collections.Counter()
        self.is_over = False

    def reset(self):
        """Ends both sides without a farewell."""
        if self.is_over:
            return
        self.is_over = True
        for writer in self.writers.values():
            handle = writer.get_extra_info("socket")
            if handle is not None and handle.fileno() >= 0:
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Proxy:
    """Listens on a port of its own and passes whole packets on to `target`; up is towards the broker.

    The loop and its thread belong to the proxy alone; orders may come from any thread.
    """

    def __init__(self, target):
        self.target = target
        self.connections = []
        self.cuts = []  # (direction, number or name) still to be done, one a connection
        self.done = collections.Counter()
        self.satellite = None
        self.withholds = None  # name of a packet that does not come down
        self.is_cut = False
        self.loop = asyncio.new_event_loop()
        self.path = asyncio.Event()
        self.path.set()
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        threading.Thread(target=self.work, args=(listener,), daemon=True).start()

    def work(self, listener):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self.serve, sock=listener))
        self.loop.run_forever()

    def order(self, deed, *words):
        """Has something done by the proxy's thread, and waits for it."""
        done = threading.Event()

        def call():
            deed(*words)
            done.set()
        self.loop.call_soon_threadsafe(call)
        done.wait(10)

    def cut_at(self, direction, boundaries):
        """Resets one connection after another, each when its packet has gone through: the number of
        the packet in its session, or its name. Sessions that are under way end now."""
        def deed():
            self.cuts.extend((direction, boundary) for boundary in boundaries)
            self.end_all()
        self.order(deed)

    def cut(self):
        """Ends every connection and refuses new ones until `pass_on`."""
        def deed():
            self.is_cut = True
            self.end_all()
        self.order(deed)

    def vanish(self):
        """From now on nothing gets through and nobody is told."""
        self.order(self.path.clear)

    def pass_on(self, forgets=False):
        """Everything gets through again: what was held is sent again, as TCP does, unless the way has
        forgotten its connections and answers with a reset."""
        def deed():
            self.is_cut = False
            if forgets:
                self.end_all()
            self.path.set()
        self.order(deed)

    def end_all(self):
        for connection in list(self.connections):
            connection.reset()

    async def serve(self, reader, writer):
        far_writer = None
        try:
            await self.path.wait()
            if self.is_cut or reader.at_eof():
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            connection = Connection(writer, far_writer)
            self.connections.append(connection)
            try:
                await asyncio.gather(self.carry(connection, "up", reader), self.carry(connection, "down", far_reader))
            finally:
                self.connections.remove(connection)
        except (OSError, ValueError):
            pass  # an end of the connection; the other one is told below
        finally:
            for end in (writer, far_writer):
                if end is not None:
                    end.transport.abort()

    async def carry(self, connection, direction, reader):
        """Reads segments and hands each to `deliver` for its time; ends when one side has."""
        queue = asyncio.Queue()
        delivery = asyncio.ensure_future(self.deliver(connection, direction, queue))
        try:
            due = 0
            while data := await reader.read(SEGMENT):
                satellite = self.satellite
                due = max(due, self.loop.time() + (satellite.delay() if satellite else 0))
                queue.put_nowait((due, data))
            queue.put_nowait((due, b""))
            await delivery
        finally:
            delivery.cancel()

    async def deliver(self, connection, direction, queue):
        splitter, writer = Splitter(), connection.writers[direction]
        while True:
            due, data = await queue.get()
            if due > self.loop.time():
                await asyncio.sleep(due - self.loop.time())
            await self.path.wait()
            if connection.is_over:
                return
            if not data:
                # one side has left in order: whoever is still there learns it at once
                raise ConnectionResetError
            for name, packet in splitter.feed(data):
                if name == self.withholds and direction == "down":
                    self.done[f"{name} withheld"] += 1
                    continue
                writer.write(packet)
                await writer.drain()
                if self.is_boundary(connection, direction, name):
                    while writer.transport.get_write_buffer_size():
                        await asyncio.sleep(0.001)
                    connection.reset()
                    return

    def is_boundary(self, connection, direction, name):
        """Whether the next cut is due after this packet."""
        connection.passed[direction] += 1
        connection.passed[direction, name] += 1
        if not self.cuts or connection.is_over:
            return False
        wanted, boundary = self.cuts[0]
        if wanted != direction or boundary not in (connection.passed[direction], name):
            return False
        self.cuts.pop(0)
        self.done[direction, name] += 1
        return True
