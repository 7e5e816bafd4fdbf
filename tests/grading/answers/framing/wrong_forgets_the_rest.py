"""Finds every whole frame in a piece, and keeps nothing of what is not whole yet.

Fails: pieces (one-packet-is-one-request)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame

    def feed(self, data):
        payloads = []
        while len(data) >= 4:
            length = int.from_bytes(data[:4], "big")
            if length > self.max_frame:
                raise ValueError("too long")
            if len(data) < 4 + length:
                break
            payloads.append(data[4 : 4 + length])
            data = data[4 + length :]
        return payloads
