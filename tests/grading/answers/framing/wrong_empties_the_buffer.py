"""Keeps what is not whole, but throws the beginning of the next frame away with the frame that was.

Fails: together (one-packet-is-one-request)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = b""

    def feed(self, data):
        self.buffer += data
        payloads = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.max_frame:
                raise ValueError("too long")
            if len(self.buffer) < 4 + length:
                return payloads
            payloads.append(self.buffer[4 : 4 + length])
            following = self.buffer[4 + length :]
            self.buffer = following if len(following) >= 4 else b""
        return payloads
