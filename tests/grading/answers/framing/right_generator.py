"""A coroutine of the old kind asks for so many bytes, and is sent them when they are there."""

import struct


class Framer:
    def __init__(self, max_frame=1 << 20):
        self._max_frame = max_frame
        self._kept = b""
        self._payloads = []
        self._parser = self._parse()
        self._wanted = next(self._parser)

    def _parse(self):
        while True:
            (length,) = struct.unpack(">I", (yield 4))
            if length > self._max_frame:
                raise ValueError("frame too large")
            payload = (yield length) if length else b""
            self._payloads.append(payload)

    def feed(self, data):
        self._kept += data
        self._payloads = []
        while len(self._kept) >= self._wanted:
            taken, self._kept = self._kept[: self._wanted], self._kept[self._wanted :]
            self._wanted = self._parser.send(taken)
        return self._payloads
