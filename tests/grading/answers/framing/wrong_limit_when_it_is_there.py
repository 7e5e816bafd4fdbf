"""Refuses a frame that is too long when all of it has come.

Fails: limit (a-limit-can-wait)
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
            if len(self.buffer) < 4 + length:
                break
            if length > self.max_frame:
                raise ValueError("too long")
            payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[4 + length :]
        return payloads
