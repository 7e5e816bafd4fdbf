"""After the length it waits for at least one byte more, which a frame of length 0 does not have.

Fails: empty (nothing-is-not-a-message)
"""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer, self.length = b"", 0

    def feed(self, data):
        payloads = []
        self.buffer += data
        while self.buffer:
            if not self.length:
                if len(self.buffer) <= 4:
                    if len(self.buffer) == 4 and int.from_bytes(self.buffer, "big") > self.max_frame:
                        raise ValueError("too long")
                    break
                self.length = int.from_bytes(self.buffer[:4], "big")
                if self.length > self.max_frame:
                    raise ValueError("too long")
                self.buffer = self.buffer[4:]
            if len(self.buffer) < self.length:
                break
            payloads.append(self.buffer[: self.length])
            self.buffer, self.length = self.buffer[self.length :], 0
        return payloads
