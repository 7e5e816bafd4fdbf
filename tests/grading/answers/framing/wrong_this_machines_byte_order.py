"""Reads the length in the byte order of the machine it runs on.

Fails: whole (numbers-look-alike-everywhere)
"""

import struct


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        payloads = []
        while len(self.buffer) >= 4:
            (length,) = struct.unpack("I", self.buffer[:4])
            if length > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                break
            payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[4 + length :]
        return payloads
