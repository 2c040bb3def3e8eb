"""Which campaigns a run makes, in its short and in its long form."""

import re

from link_cuts import Boundaries, Flapping, HalfOpen, IngestBoundaries, Pings, SatelliteLink, Unanswered
from outage import Outage
from twins import Twins

# minutes off and on, the schedules by which others measure gateways
SCHEDULES = [(5, 5), (10, 10), (15, 15), (30, 30), (5, 20)]


def short(seed):
    """Half a minute, all at once."""
    yield Boundaries, "up", 12
    yield Boundaries, "down", 12
    yield IngestBoundaries, 0, "up", 12
    yield IngestBoundaries, 1, "down", 12
    yield Pings, 1
    yield SatelliteLink, 15, seed
    yield HalfOpen, 2, seed
    yield Flapping, 5, 5, 0.2, 15, seed
    yield Unanswered, 4
    yield Outage, 2, 500, 10, None
    yield Outage, 2, 500, 10, 1
    yield Twins, 8


def long(seed, minute):
    """Ten minutes or more, all at once."""
    yield Boundaries, "up", 40
    yield Boundaries, "down", 40
    yield IngestBoundaries, 0, "up", 40
    yield IngestBoundaries, 1, "down", 40
    yield Pings, 10
    yield SatelliteLink, 120, seed
    for seconds in (1, 10, 60, 600):
        yield HalfOpen, seconds, seed
    for off, on in SCHEDULES:
        yield Flapping, off, on, minute, 60 * minute, seed
    yield Unanswered, 60
    yield Outage, 73, 500, 30, None
    yield Outage, 73, 500, 30, 1
    yield Twins, 60


def campaigns(street, words):
    """The campaigns of this run, ready to start."""
    plan = long(words.seed, words.minute) if words.long else short(words.seed)
    return [kind(street, *rest) for kind, *rest in plan if re.search(words.only or "", f"{kind.__name__} {' '.join(map(str, rest))}")]
