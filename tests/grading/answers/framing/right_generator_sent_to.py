"""A generator that is sent what it wants next, private names, warnings on stderr and a class below another."""

import io
import struct
import sys
from collections import deque


class TooLong(ValueError):
    pass


class Base:
    def __init__(self, max_frame=1 << 20):
        print("a new one", file=sys.stderr)
        self.__limit = max_frame
        self.__out = deque()
        self.__run = self.__parse()
        self.__want = next(self.__run)
        self.__in = io.BytesIO()
        self.__at = 0

    def __parse(self):
        while True:
            (n,) = struct.unpack("!I", (yield 4))
            if n > self.__limit:
                raise TooLong(n)
            self.__out.append((yield n) if n else b"")

    def feed(self, data):
        self.__in.seek(0, 2)
        self.__in.write(data)
        while self.__in.getbuffer().nbytes - self.__at >= self.__want:
            self.__in.seek(self.__at)
            piece = self.__in.read(self.__want)
            self.__at += len(piece)
            self.__want = self.__run.send(piece)
        out = list(self.__out)
        self.__out.clear()
        return out


class Framer(Base):
    def feed(self, data, /):
        return [memoryview(p).tobytes() for p in super().feed(memoryview(data))]
