"""Collects a payload from many pieces, but takes it for granted that its length is never cut in two.

Fails: pieces (a-small-field-comes-whole)
"""

import struct


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.missing, self.payload = None, b""

    def feed(self, data):
        payloads = []
        while data or self.missing == 0:
            if self.missing is None:
                (self.missing,) = struct.unpack(">I", data[:4])
                if self.missing > self.max_frame:
                    raise ValueError("too long")
                data = data[4:]
            taken, data = data[: self.missing], data[self.missing :]
            self.payload += taken
            self.missing -= len(taken)
            if self.missing == 0:
                payloads.append(self.payload)
                self.missing, self.payload = None, b""
        return payloads
