"""Values one by one, each read with its name at hand: the plain way, and the one that can say what is wrong where.

All numbers are big-endian. A length stands in front of strings (int16), bytes and arrays (int32), and -1 is null.
In flexible versions (KIP-482) it is a varint of the length + 1 instead, and 0 is null.
"""

import struct
from typing import Any

from patterns.wire.kafka.errors import BadLength, BadText, BadVarint, Malformed, Truncated, Unencodable
from patterns.wire.kafka.schema import FIXED

PACKED = {kind: struct.Struct(">" + code) for kind, code in FIXED.items()}
NULL = -1


class Source:
    """Bytes from `at` on, and where in which message they are read: `within` and the names in `path`."""

    def __init__(self, data: bytes, at: int, within: str) -> None:
        self.data = data
        self.at = at
        self.within = within
        self.path: list[str] = []

    @property
    def place(self) -> str:
        """The name of what is read, as far as the message."""
        return f"{self.within} {'.'.join(self.path)}".rstrip().replace(".[", "[")

    def wrong(self, error: type[Malformed], expected: str, got: str, mend: str) -> Malformed:
        """The error, with the place."""
        return error(f"{expected} for {self.place} at byte {self.at}", got, mend)

    def take(self, size: int) -> bytes:
        """The next bytes."""
        left = len(self.data) - self.at
        if size > left:
            raise self.wrong(Truncated, _count(size), str(left), "send all fields of this version")
        self.at += size
        return self.data[self.at - size : self.at]

    def fixed(self, kind: str) -> Any:
        """A number or a truth."""
        packed = PACKED[kind]
        return packed.unpack(self.take(packed.size))[0]

    def named(self, name: str, kind: str) -> Any:
        """A number by the name of its field."""
        self.path = [name]
        return self.fixed(kind)

    def uvarint(self) -> int:
        """An unsigned varint of at most 5 bytes: 7 bits in each, the lowest first, and a bit that says: more."""
        value = 0
        for shift in range(0, 35, 7):
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise self.wrong(BadVarint, "a varint of at most 5 bytes", "one that goes on", "send a number below 2³²")

    def length(self, kind: str, *, flexible: bool, nullable: bool) -> int:
        """How long it is, or `NULL`."""
        start = self.at
        length = self.uvarint() - 1 if flexible else int(self.fixed(kind))
        if length < 0:
            end, self.at = self.at, start  # of which an error speaks
        if length < NULL:
            raise self.wrong(BadLength, "a length", str(length), "send 0 for empty")
        if length == NULL and not nullable:
            raise self.wrong(BadLength, "a length", "null (-1)", "send 0 for empty: this version knows no null here")
        if length == NULL:
            self.at = end
        return length

    def text(self, length: int) -> str:
        """A string of so many bytes."""
        taken = self.take(length)
        try:
            return taken.decode()
        except UnicodeDecodeError as error:
            self.at -= length
            got = f"{taken[error.start : error.end]!r} in {_shortened(taken)}"
            raise self.wrong(BadText, "UTF-8", got, "encode it so") from None


class Sink:
    """Bytes to be, and where in which message they are written."""

    def __init__(self, within: str) -> None:
        self.parts: list[bytes] = []
        self.within = within
        self.path: list[str] = []

    def wrong(self, expected: str, got: object, mend: str) -> Unencodable:
        """The error, with the place."""
        place = f"{self.within} {'.'.join(self.path)}".rstrip().replace(".[", "[")
        return Unencodable(f"{expected} for {place}", _shortened(got), mend)

    def fixed(self, kind: str, value: object) -> None:
        """A number or a truth."""
        try:
            self.parts.append(PACKED[kind].pack(value))
        except (struct.error, TypeError):
            raise self.wrong(f"an {kind}".replace("an b", "a b"), value, "give one that fits") from None

    def uvarint(self, value: int) -> None:
        """An unsigned varint."""
        written = bytearray()
        while value > 0x7F:
            written.append(value & 0x7F | 0x80)
            value >>= 7
        written.append(value)
        self.parts.append(bytes(written))

    def length(self, kind: str, length: int, *, flexible: bool, nullable: bool, what: str) -> None:
        """How long it is, or `NULL`."""
        if length == NULL and not nullable:
            raise self.wrong(what, None, "this version knows no null here: give an empty one")
        if flexible:
            self.uvarint(length + 1)
        elif length >= 1 << (PACKED[kind].size * 8 - 1):
            raise self.wrong(f"at most {(1 << (PACKED[kind].size * 8 - 1)) - 1}", length, "send less")
        else:
            self.fixed(kind, length)


def _count(size: int) -> str:
    return "1 byte" if size == 1 else f"{size} bytes"


def _shortened(what: object) -> str:
    written = repr(what)
    return written if len(written) <= 60 else f"{written[:60]}…"
