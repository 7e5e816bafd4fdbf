"""Refuses a frame that is exactly as long as the limit.

Fails: limit (about-right-is-right)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        payloads = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length >= self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                break
            payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[4 + length :]
        return payloads
