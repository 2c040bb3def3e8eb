"""A second broker with gateways of their own, each for one kind of cut, next to the house and into the same store."""

import collections
import shutil
import threading
import time

from gateways import Gateway
from parts import PROGRAMS, Part, Trouble, free_port, is_listening, wait_for
from proxy import Proxy


class Street:
    """A broker that nobody kills, two ingest processes behind a proxy each, and neighbours.

    The house's kills do not reach it, so a cut of one kind meets sessions that only it has cut.
    """

    def __init__(self, house):
        self.house, self.folder = house, house.folder / "street"
        self.folder.mkdir(mode=0o755)
        self.broker_port = free_port()
        (self.folder / "broker.conf").write_text(
            f"listener {self.broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n"
            "max_queued_messages 0\n")
        broker = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.broker = Part("broker", self.folder, [broker, "-c", self.folder / "broker.conf"], lambda: is_listening(self.broker_port))
        self.ingest, self.proxies, self.gateways = [], [], []
        self.counts, self.lock = collections.Counter(), threading.Lock()
        self.back = {}  # seconds until a gateway was back after its last cut, by name

    def start(self):
        self.broker.start()
        for number in (3, 4):
            proxy = Proxy(self.broker_port)
            self.proxies.append(proxy)
            self.add_ingest(f"ingest-{number}", proxy.port).start()

    def add_ingest(self, name, port, root="amphora"):
        part = Part(name, self.folder, [
            PROGRAMS / "amphora-fleet", "ingest", "--store", self.house.store_address, "--broker", f"127.0.0.1:{port}",
            "--name", name, "--batch-milliseconds", "50", "--retry-max-s", "1", "--root", root])
        self.ingest.append(part)
        return part

    def add_gateway(self, name, port, **words):
        gateway = Gateway(self.folder, name, self.house.bank_port, port, **words)
        with self.lock:
            self.gateways.append(gateway)
        return gateway

    def note(self, words, times=1):
        with self.lock:
            self.counts[words] += times

    def check(self):
        """Nothing here may end by itself."""
        for part in [self.broker, *self.ingest]:
            if part.process is not None and not part.is_running():
                raise Trouble(f"{part.name} of the street ended with status {part.process.poll()}, see {part.log.name}")

    def stop(self):
        for part in [*(gateway.part for gateway in self.gateways), *self.ingest, self.broker]:
            if part.process is not None:
                part.kill()


class Campaign(threading.Thread):
    """One kind of cut, done to a gateway of its own in a thread of its own; `work` does it and `check` looks at the
    store when all is over."""

    # Seconds in which a gateway must be back by itself after the last cut: it waits 30 s for an acknowledgement,
    # 15 s for the broker's welcome, and a second between attempts.
    back_within_s = 60

    def __init__(self, street, name):
        super().__init__(name=name, daemon=True)
        self.street, self.trouble = street, None
        self.proxy = Proxy(street.broker_port)
        self.gateways = [street.add_gateway(name, self.proxy.port, **self.words())]

    def words(self):
        """What is special about the gateway."""
        return {}

    def run(self):
        try:
            for gateway in self.gateways:
                gateway.part.start()
            self.work()
            self.proxy.pass_on()
            if self.back_within_s:
                self.wait_until_back()
        except Exception as trouble:  # told by the thread that waits for this one
            self.trouble = Trouble(f"{self.name}: {trouble}")

    def wait_until_stored(self):
        wait_for(lambda: self.street.house.store.newest(self.name), 60, "its first stored record")

    def wait_until_back(self):
        """Until a record made after the last cut is stored; nobody helps the gateway."""
        began, end = time.time(), time.monotonic() + self.back_within_s
        while self.street.house.store.newest(self.name) < began * 1000:
            if time.monotonic() > end:
                raise Trouble(f"no live record was stored in the {self.back_within_s} s after the last cut")
            time.sleep(0.1)
        with self.street.lock:
            self.street.back[self.name] = time.time() - began

    def work(self):
        raise NotImplementedError

    def check(self, verdict, records):
        """Beyond what holds for every gateway."""
