"""Days without a fleet, lived through in minutes, and the count that must close afterwards."""

import time

import ledger
from parts import Trouble
from street import Campaign


class Outage(Campaign):
    """The broker is there but no fleet; the gateway's clock runs fast until the days are over. Then the fleet comes
    and takes what was kept."""

    # Records that may be under way, not confirmed yet: a full outbox gives up the oldest, and those go first. What
    # had arrived when it was given up is stored and counted as lost too.
    IN_FLIGHT = 600

    back_within_s = None  # the drain shows it

    def __init__(self, street, hours, rate, interval, budget):
        """`budget` in MB; None is ample."""
        self.hours, self.rate, self.interval, self.budget = hours, rate, interval, budget
        self.ahead = 10 * hours * 3600 + 10 * rate  # longer, for a busy machine; the fleet returns while it runs fast
        super().__init__(street, f"outage-{budget or 'ample'}")
        self.gateways[0].clock_ahead_s = self.ahead
        # wall clock and monotonic clock are read one after the other, and real milliseconds lie between
        self.gateways[0].clock_tolerance_s = 1.5 + 0.5 * rate
        self.ingest = street.add_ingest(f"ingest-{self.name}", street.broker_port, self.root)
        self.set_fast(0)

    @property
    def root(self):
        return f"days-{self.budget or 'ample'}"

    def words(self):
        words = {"settings": {
            "telemetry": [f"interval_s = {self.interval}"], "[line]": ["cycle_ms = 60000"],
            "bank": ["value_limit_s = 120", "cell_limit_s = 600"],
            "mqtt": [f'root = "{self.root}"', "backlog_rate = 0"]}}
        if self.budget:
            words["settings"]["outbox"] = [f"size_mb = {self.budget}"]
            words["units"] = range(1, 17)
        return words

    def set_fast(self, ahead):
        """Wall clock and monotonic clock `ahead` of those of the machine at the next start; the wall clock began as
        far behind, so that it is right when the days are over."""
        self.gateways[0].set_clock(-self.ahead, "trusted")
        self.gateways[0].part.environment["AMPHORA_FAST"] = f"{ahead} {self.rate} {self.ahead}"

    def counts(self):
        """Records made and given up."""
        _, made, _, given_up = ledger.outbox_ledger(self.gateways[0].outbox)
        return made, given_up

    def is_long_enough(self, wanted):
        """So many records were made and, where there is a budget, it is full: a busy machine makes fewer in a day."""
        made, given_up = self.counts()
        return made >= wanted and (not self.budget or given_up > 0)

    def work(self):
        gateway, seconds = self.gateways[0], self.hours * 3600
        wanted = 0.8 * seconds / self.interval
        time.sleep(seconds / self.rate)
        end = time.monotonic() + 9 * seconds / self.rate
        while not self.is_long_enough(wanted):
            if time.monotonic() > end:
                made, given_up = self.counts()
                raise Trouble(f"only {made} records in {10 * self.hours} hours of one in {self.interval} s, {given_up} given up")
            time.sleep(0.2)
        made, _ = self.counts()
        self.set_fast(self.ahead)  # for the starts that follow
        self.made = made
        self.ingest.start()
        end = time.monotonic() + 240
        while not gateway.is_drained(self.street.house.store.safe_records(), made):
            if time.monotonic() > end:
                raise Trouble(f"the {made} records of the outage did not drain within 240 s")
            time.sleep(0.5)
        gateway.part.stop()  # its fast clock takes a good part of the machine

    def check(self, verdict, records):
        """What was measured is stored, or the gateway has told the fleet why it is not."""
        gateway = self.gateways[0]
        told = ledger.told_losses(self.street.house.store_address, gateway.identity)
        epoch, top, waiting, given_up = ledger.outbox_ledger(gateway.outbox)
        stored = {seq for (name, e, seq) in records if name == gateway.identity and e == epoch}
        missing = len(set(range(1, top + 1)) - stored - waiting)
        arrived = given_up - missing
        if sum(told.values()) != given_up or not 0 <= arrived <= self.IN_FLIGHT:
            verdict.fault("strange", f"{self.name}: {top} measured, {len(stored)} stored, {missing} missing, told {told}, counted {given_up}")
        if not self.budget and missing:
            verdict.fault("lost", f"{self.name}: {missing} of {top} although there was room")
        if self.budget and not missing:
            verdict.fault("strange", f"{self.name}: nothing was given up, so the budget was not reached")
        times = [records[key]["time"] for key in records if key[0] == gateway.identity and key[2] <= self.made]
        days = (max(times) - min(times)) / 86_400_000
        losses = ", ".join(f"{count} {reason}" for reason, count in sorted(told.items())) or "no losses"
        self.street.note(f"no fleet for {days:.1f} days, {'budget %d MB' % self.budget if self.budget else 'ample room'}: "
                         f"{top} measured = {len(stored)} stored + {len(waiting - stored)} waiting + {given_up} given up and told ({losses})"
                         + (f" - {arrived} of these that had arrived" if arrived else ""))
