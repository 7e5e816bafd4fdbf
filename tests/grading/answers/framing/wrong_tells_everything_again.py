"""Returns all payloads there ever were, not those that these bytes completed.

Fails: whole (handing-on-twice-is-safe)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""
        self.payloads = []

    def feed(self, data):
        self.buffer += data
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                break
            self.payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[4 + length :]
        return list(self.payloads)
