"""Counts the four bytes of the length as part of what the limit is for.

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
            size = 4 + int.from_bytes(self.buffer[:4], "big")
            if size > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < size:
                break
            payloads.append(self.buffer[4:size])
            self.buffer = self.buffer[size:]
        return payloads
