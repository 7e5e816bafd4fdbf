"""Looks for one frame in each call; a second one that came along waits for the next call.

Fails: together (one-packet-is-one-request)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        if len(self.buffer) < 4:
            return []
        length = int.from_bytes(self.buffer[:4], "big")
        if length > self.max_frame:
            raise ValueError("too long")
        if len(self.buffer) < 4 + length:
            return []
        payload, self.buffer = self.buffer[4 : 4 + length], self.buffer[4 + length :]
        return [payload]
