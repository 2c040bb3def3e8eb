"""Finds MQTT's packets in a stream of bytes."""

NAMES = ["RESERVED", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
         "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"]


class Splitter:
    """Takes bytes as they come and gives whole packets: a byte of type and flags, a length of one to
    four bytes with seven bits each, lowest first, and so many bytes."""

    def __init__(self):
        self.bytes = bytearray()

    def feed(self, data):
        """The packets that are whole now, each with its name."""
        self.bytes += data
        packets = []
        while end := self.first_end():
            packets.append((NAMES[self.bytes[0] >> 4], bytes(self.bytes[:end])))
            del self.bytes[:end]
        return packets

    def first_end(self):
        """Where the first packet ends, 0 while it is not whole."""
        length = 0
        for index in range(1, 5):
            if index >= len(self.bytes):
                return 0
            length |= (self.bytes[index] & 0x7F) << 7 * (index - 1)
            if not self.bytes[index] & 0x80:
                end = index + 1 + length
                return end if end <= len(self.bytes) else 0
        raise ValueError(f"no MQTT packet: {bytes(self.bytes[:5]).hex(' ')} has a length of more than four bytes")
