"""One buffer, and a loop that takes whole frames off its front."""


class Framer:
    def __init__(self, max_frame=1 << 20):
        self.max_frame = max_frame
        self.buffer = bytearray()

    def feed(self, data):
        self.buffer += data
        payloads = []
        while len(self.buffer) >= 4:
            length = int.from_bytes(self.buffer[:4], "big")
            if length > self.max_frame:
                raise ValueError(f"a frame of {length} bytes, at most {self.max_frame} are allowed")
            if len(self.buffer) < 4 + length:
                break
            payloads.append(bytes(self.buffer[4 : 4 + length]))
            del self.buffer[: 4 + length]
        return payloads
