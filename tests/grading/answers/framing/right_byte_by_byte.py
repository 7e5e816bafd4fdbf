"""A machine of two states that is told one byte at a time."""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.head, self.length, self.payload = bytearray(), None, bytearray()

    def feed(self, data):
        return [payload for byte in data for payload in self.take(byte)]

    def take(self, byte):
        if self.length is None:
            self.head.append(byte)
            if len(self.head) == 4:
                self.length = int.from_bytes(self.head, "big")
                if self.length > self.max_frame:
                    raise ValueError("too long")
        else:
            self.payload.append(byte)
        if self.length == len(self.payload):
            yield bytes(self.payload)
            self.head, self.length, self.payload = bytearray(), None, bytearray()
