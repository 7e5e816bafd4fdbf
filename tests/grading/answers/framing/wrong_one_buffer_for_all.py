"""Keeps the buffer at the class, so that all framers, one a connection, write into the same.

Fails: apart (one-buffer-serves-all)
"""


class Framer:
    buffer = bytearray()

    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame

    def feed(self, data):
        self.buffer += data
        payloads = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                break
            payloads.append(bytes(self.buffer[4 : 4 + length]))
            del self.buffer[: 4 + length]
        return payloads
