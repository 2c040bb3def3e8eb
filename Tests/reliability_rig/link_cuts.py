"""Cuts of one gateway's link, each kind on a link of its own."""

import random
import time

from parts import Trouble
from proxy import Satellite
from street import Campaign


def wait_until_done(proxy, what, seconds):
    end = time.monotonic() + seconds
    while proxy.cuts:
        if time.monotonic() > end:
            direction, boundary = proxy.cuts[0]
            raise Trouble(f"{what}: no session came to packet {boundary} {direction} within {seconds} s")
        time.sleep(0.05)


def names(proxy):
    """How often each packet was the last one."""
    return ", ".join(f"{key[1]} {count}" for key, count in sorted(proxy.done.items()) if isinstance(key, tuple))


class Boundaries(Campaign):
    """Resets the link after the first packet of a session, then after the second of the next, and so on; at the end
    after the first of a kind that comes late, the word that the fleet's answer has arrived."""

    def __init__(self, street, direction, most):
        super().__init__(street, f"edge-{direction}")
        self.direction, self.most = direction, most

    def work(self):
        cut_at_each(self.street, self.proxy, "gateway", self.direction, self.most, ["PUBACK"])


class IngestBoundaries(Campaign):
    """The same between ingest and broker; the gateway only sees that it has to wait. An answer to a gateway is late
    in a session, and so is the broker's word that it has it."""

    def __init__(self, street, number, direction, most):
        super().__init__(street, f"behind-{direction}")
        self.cut, self.direction, self.most = street.proxies[number], direction, most

    def work(self):
        late = {"up": "PUBLISH", "down": "PUBACK"}[self.direction]
        cut_at_each(self.street, self.cut, "ingest", self.direction, self.most, [late])


def cut_at_each(street, proxy, who, direction, most, late):
    proxy.cut_at(direction, [*range(1, most + 1), *late])
    wait_until_done(proxy, f"link of {who}", 60 + 15 * most)
    way = "to" if direction == "up" else "from"
    street.note(f"{who}: reset after packet 1…{most} {way} the broker and after {late[0]} ({names(proxy)})", most + len(late))


class Pings(Campaign):
    """Resets a link with nothing to say after it has asked for a sign of life, and after it got one."""

    back_within_s = None  # it says nothing more

    def __init__(self, street, times):
        super().__init__(street, "quiet")
        self.times = times

    def words(self):
        return {"settings": {"telemetry": ["interval_s = 3600"], "mqtt": ["keep_alive_s = 5", "state_interval_s = 3600"]}}

    def work(self):
        for _ in range(self.times):
            for direction, name in (("up", "PINGREQ"), ("down", "PINGRESP")):
                self.proxy.cut_at(direction, [name])
                wait_until_done(self.proxy, self.name, 60)
        self.street.note(f"reset after a sign of life ({names(self.proxy)})", 2 * self.times)


class SatelliteLink(Campaign):
    """600 ms there and back with 2 % of the segments lost."""

    def __init__(self, street, seconds, seed):
        super().__init__(street, "satellite")
        self.seconds, self.seed, self.began = seconds, seed, None

    def work(self):
        self.wait_until_stored()
        self.proxy.satellite = Satellite(self.seed)
        self.began = time.time()
        time.sleep(self.seconds)
        self.ended = time.time()
        satellite, self.proxy.satellite = self.proxy.satellite, None
        self.street.note(f"link of 600 ms, 2 % lost, {self.seconds} s ({satellite.lost} of {satellite.segments} segments lost)")

    def check(self, verdict, records):
        """Live records must get through while it lasts, not only afterwards."""
        mine = [row for (name, _, _), row in records.items() if name == self.name]
        live = [row for row in mine if self.began * 1000 < row["time"] and row["received"] < self.ended * 1000
                and row["received"] - row["time"] < 8000]
        if len(live) < self.seconds / 4:
            verdict.fault("strange", f"only {len(live)} records came through live in {self.seconds} s of a satellite link")


class HalfOpen(Campaign):
    """A link on which everything vanishes and nobody is told."""

    def __init__(self, street, seconds, seed):
        super().__init__(street, f"half-open-{seconds}")
        self.seconds, self.random = seconds, random.Random(seed)

    def work(self):
        self.wait_until_stored()
        for forgets in (False, True) if self.seconds < 300 else (self.random.random() < 0.5,):
            self.proxy.vanish()
            time.sleep(self.seconds)
            self.proxy.pass_on(forgets)
            self.street.note(f"half open {self.seconds} s, then {'reset' if forgets else 'all sent again'}")
            time.sleep(self.random.uniform(2, 3))


class Flapping(Campaign):
    """A link that is off and on for so many minutes each; a minute lasts `minute` seconds."""

    def __init__(self, street, off, on, minute, seconds, seed):
        super().__init__(street, f"flapping-{off}-{on}")
        self.off, self.on, self.minute, self.seconds, self.random = off, on, minute, seconds, random.Random(seed)

    def work(self):
        self.wait_until_stored()
        end = time.monotonic() + self.seconds
        while True:
            time.sleep(self.on * self.minute)
            vanishes = self.random.random() < 0.5
            self.proxy.vanish() if vanishes else self.proxy.cut()
            time.sleep(self.off * self.minute)
            self.proxy.pass_on(forgets=vanishes and self.random.random() < 0.5)
            self.street.note(f"link off {self.off} min, on {self.on} min, a minute being {self.minute:g} s")
            if time.monotonic() > end:
                break


class Unanswered(Campaign):
    """A broker that takes records and never says so."""

    def __init__(self, street, seconds):
        super().__init__(street, "unanswered")
        self.seconds = seconds

    def work(self):
        self.wait_until_stored()
        self.proxy.withholds = "PUBACK"
        time.sleep(self.seconds)
        self.proxy.withholds = None
        if not self.proxy.done["PUBACK withheld"]:
            raise Trouble("the broker had nothing to acknowledge")
        self.street.note(f"broker acknowledges nothing for {self.seconds} s ({self.proxy.done['PUBACK withheld']} PUBACK withheld)")
