"""Cuts of the house: kills, steps at which programs die, links, clocks; one after the other."""

import collections
import time

from parts import Trouble

GATEWAY_STEPS = ["before-commit", "after-commit", "sent", "taken", "settled"]
INGEST_STEPS = ["received", "before-store", "after-store", "after-ack"]
CLOCKS = [("of 1970", -1_795_000_000), ("20 years slow", -631_152_000), ("an hour fast", 3600)]


class Cuts:
    """Chooses the next cut; each kind comes in turn, the moment by chance."""

    def __init__(self, house, random_source, is_long):
        self.house, self.random, self.counts = house, random_source, collections.Counter()
        kinds = [("kill", name) for name in house.victims()]
        kinds += [("step", "gateway", step) for step in GATEWAY_STEPS]
        kinds += [("step", f"ingest-{1 + index % 2}", step) for index, step in enumerate(INGEST_STEPS)]
        kinds += [("link", words) for words in ("reset", "cut 700ms", "swallow 2s", "delay 600ms 2s", "flap")]
        kinds += [("pair", "gateway", "broker"), ("pair", "broker", "ingest-1"), ("all",)]
        kinds += [("clock", words, seconds) for words, seconds in CLOCKS]
        kinds += [("frozen", "broker", 2), ("away", 3)]
        self.slow = []
        if is_long:
            self.slow = [("link", "swallow 20s"), ("link", "delay 600ms 20s"), ("flapping", 5, 5, 2), ("away", 30), ("frozen", "broker", 40)]
        self.kinds, self.next = kinds, 0
        self.rounds_between = 6

    def one(self):
        round_number, place = divmod(self.next, len(self.kinds))
        kind = self.kinds[place]
        if self.slow and place == 0 and round_number and round_number % self.rounds_between == 0:
            kind = self.slow.pop(0)  # minutes long, so each of them only once
        else:
            self.next += 1
        time.sleep(self.random.uniform(0.02, 0.6))
        getattr(self, kind[0])(*kind[1:])
        for name in self.house.victims():
            part = self.house.part(name)
            if not part.is_running():
                part.start()

    def note(self, words):
        self.counts[words] += 1

    def kill(self, name):
        self.note(f"kill -9 of {name}")
        self.house.part(name).kill()
        time.sleep(self.random.uniform(0, 0.7))
        self.house.part(name).start()

    def pair(self, one, other):
        self.note(f"kill -9 of {one} and {other}")
        self.house.part(one).kill()
        self.house.part(other).kill()
        time.sleep(self.random.uniform(0, 0.7))
        self.house.part(other).start()
        self.house.part(one).start()

    def all(self):
        self.note("kill -9 of everything")
        for name in self.house.victims():
            self.house.part(name).kill()
        for name in reversed(self.house.victims()):
            self.house.part(name).start()

    def step(self, name, step):
        """Starts the program anew with the order to die at a step; it may take a while to come there."""
        self.note(f"{name.split('-')[0]} dies {step.replace('-', ' ')}")
        part = self.house.part(name)
        part.kill()
        part.start(AMPHORA_CUT=f"{step}:{self.random.randint(1, 3)}")
        end = time.monotonic() + 40
        while part.is_running() and time.monotonic() < end:
            time.sleep(0.02)
        if part.is_running():
            raise Trouble(f"{name} never came to the step '{step}'")
        part.process.wait()
        part.kills += 1
        part.start()

    def clock(self, words, seconds):
        """The gateway starts with a wrong clock that nobody vouches for, and learns better while it runs."""
        self.note(f"clock {words}, then right")
        gateway = self.house.parts["gateway"]
        gateway.kill()
        self.house.gateway.set_clock(seconds, "untrusted")
        gateway.start()
        time.sleep(self.random.uniform(2.5, 4))
        self.house.gateway.set_clock(0, "trusted")
        time.sleep(self.random.uniform(0, 1.2))

    def frozen(self, name, seconds):
        self.note(f"{name} takes and never answers, {seconds} s")
        self.house.part(name).freeze(seconds)

    def away(self, seconds):
        self.note(f"fleet away, {seconds} s")
        for name in ("ingest-1", "ingest-2"):
            self.house.part(name).kill()
        time.sleep(seconds)

    def flapping(self, up, down, times):
        self.note(f"link {up} s on, {down} s off")
        for _ in range(times):
            self.house.tell_relay(f"cut {down}s")
            time.sleep(up + down)

    def link(self, words):
        if words == "flap":
            self.note("link flaps")
            for _ in range(4):
                self.house.tell_relay("cut 150ms")
                time.sleep(0.3)
            return
        self.note(f"link: {words}")
        self.house.tell_relay(words)
        time.sleep(self.random.uniform(0, 1.0))
