"""Two machines with one identity."""

import time

from parts import Trouble
from street import Campaign


class Twins(Campaign):
    """A copied memory card: two gateways of one name take each other's place at the broker; what both measure is
    stored under an epoch of each, and the fleet notices."""

    def __init__(self, street, seconds):
        super().__init__(street, "twin-one")
        self.seconds = seconds
        self.gateways.append(street.add_gateway("twin-two", self.proxy.port, **self.words()))
        for number, gateway in enumerate(self.gateways):
            gateway.part.environment["AMPHORA_BOOT"] = f"00000000-0000-4000-8000-00000000000{number + 1}"

    def words(self):
        return {"identity": "twin"}

    def run(self):
        try:
            self.gateways[0].part.start()
            time.sleep(2)
            self.gateways[1].part.start()
            time.sleep(self.seconds)
            self.gateways[0].part.stop()  # its outbox keeps the rest until it is started again
            self.street.note(f"two gateways with one identity, {self.seconds} s")
        except Exception as trouble:  # told by the thread that waits for this one
            self.trouble = Trouble(f"{self.name}: {trouble}")

    def check(self, verdict, records):
        epochs = [gateway.epoch() for gateway in self.gateways]
        found = {epoch for (name, epoch, _) in records if name == "twin"}
        if found != set(epochs) or len(set(epochs)) != 2:
            verdict.fault("strange", f"the twins have the epochs {epochs}, stored are {sorted(found)}")
        lines = [line for part in self.street.ingest for line in open(part.log.name) if "two machines use the identity" in line]
        if not any("gateway=twin" in line for line in lines):
            verdict.fault("strange", "no ingest told that two machines are the gateway 'twin'")
        if any("gateway=twin" not in line for line in lines):
            verdict.fault("strange", "an ingest took one machine for two: " + next(line for line in lines if "gateway=twin" not in line))
