"""Takes whatever one call brings for one frame.

Fails: pieces (one-packet-is-one-request)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame

    def feed(self, data):
        if not data:
            return []
        length = int.from_bytes(data[:4], "big")
        if length > self.max_frame:
            raise ValueError("too long")
        return [data[4 : 4 + length]]
