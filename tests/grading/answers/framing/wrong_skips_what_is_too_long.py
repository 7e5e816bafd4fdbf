"""Passes over a frame that is too long and goes on behind it, without a word.

Fails: limit (the-other-side-keeps-the-rules)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""
        self.skip = 0

    def feed(self, data):
        self.buffer += data
        payloads = []
        while True:
            skipped = min(self.skip, len(self.buffer))
            self.buffer = self.buffer[skipped:]
            self.skip -= skipped
            if len(self.buffer) < 4:
                break
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.max_frame:
                self.skip = 4 + length
                continue
            if len(self.buffer) < 4 + length:
                break
            payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[4 + length :]
        return payloads
