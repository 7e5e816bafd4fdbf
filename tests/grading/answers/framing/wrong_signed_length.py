"""Reads the length as a number with a sign, so that the largest lengths are negative and below every limit.

Fails: limit (numbers-look-alike-everywhere)
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
            (length,) = struct.unpack(">i", self.buffer[:4])
            if length > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                break
            payloads.append(self.buffer[4 : 4 + length])
            self.buffer = self.buffer[max(4 + length, 4) :]
        return payloads
