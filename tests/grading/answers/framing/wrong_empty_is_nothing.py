"""Hands on what has content; a frame of length 0 is passed over.

Fails: empty (nothing-is-not-a-message)
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
            if length > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                break
            if payload := self.buffer[4 : 4 + length]:
                payloads.append(payload)
            self.buffer = self.buffer[4 + length :]
        return payloads
