"""Reads through the bytes with an offset and cuts the front off once a call."""

from struct import Struct

LENGTH = Struct("!I")


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.rest = b""

    def feed(self, data):
        data, at, found = self.rest + data, 0, []
        while at + LENGTH.size <= len(data):
            (length,) = LENGTH.unpack_from(data, at)
            if length > self.max_frame:
                raise ValueError(length)
            end = at + LENGTH.size + length
            if end > len(data):
                break
            found.append(data[at + LENGTH.size : end])
            at = end
        self.rest = data[at:]
        return found
