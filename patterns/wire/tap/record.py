"""A record: one thing that a tap handed on."""

from dataclasses import dataclass
from enum import StrEnum


class Direction(StrEnum):
    """Which way."""

    TO_SERVER = "to server"
    TO_CLIENT = "to client"

    __hash__ = str.__hash__  # every record is counted by it, and Enum's own hash is written in Python

    @property
    def back(self) -> "Direction":
        """The other way."""
        return Direction.TO_CLIENT if self is Direction.TO_SERVER else Direction.TO_SERVER


class Kind(StrEnum):
    """What happened. A connection's records are OPEN, then any number of DATA, …, and last CLOSE.

    OPEN: the server has the connection; sent when the client asked for it. Absent if it never came so far.
    EOF: the sender said that it will send no more (FIN); the other direction goes on.
    RESET: the sender broke the connection (RST), or the server refused it (then nothing is before it).
    CUT: the link broke it: a reset to both sides.
    CLOSE: nothing of the connection is left.
    CUT and CLOSE concern both sides; their direction is that of the record before them.
    """

    OPEN = "open"
    DATA = "data"
    EOF = "eof"
    RESET = "reset"
    CUT = "cut"
    CLOSE = "close"

    __hash__ = str.__hash__


@dataclass(frozen=True, slots=True)
class Record:
    """Something that was handed on. Times are the event loop's, in seconds.

    time_s: when it was handed on.
    connection: 1, 2, … in the order in which clients came.
    data: as it was delivered (so corrupted, if the link does that).
    sent_s: when it set out; during the handshake, when the handshake was over.
    """

    time_s: float
    connection: int
    direction: Direction
    kind: Kind
    data: bytes = b""
    sent_s: float = 0.0
