"""Framings: how the tap finds messages in bytes; HTTP is one way, and others can be plugged in.

The problem: the tap carries any protocol, but a diagram of chunks tells nothing. The assumption: each
direction of a connection can be read by itself, front to back, in any pieces. The bargain: a framing is two
readers for each connection. Where one has to know what the other saw (an answer to HEAD has no body; a Kafka
response does not say to what), they are made together and may share.

To plug one in, write a `Reader` and give `Framing("name", make)` to `tap(..., framing=…)` or `Traffic`.

HTTP        HTTP/1.1 (the default; in `http1`), and WebSocket after a switch to it
FRAMES      a length in front (`wire.framing.frames`)
LINES       up to and with each line feed
WEBSOCKET   RFC 6455 from the first byte on (`wire.framing.websocket`)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from patterns.wire.framing import FrameParser, Headers, Truncated
from patterns.wire.framing.websocket import WebSocketParser

ANY_SIZE = 1 << 62  # who only watches refuses nothing for its size; what is kept, Traffic limits


@dataclass(frozen=True, slots=True)
class Message:
    """A message on the wire: `stream[start:end]` are exactly its bytes.

    what: what the framing makes of it: a Request, a Response, a websocket Frame, the bytes of a payload.
    label: what it is in a few words, for a diagram.
    trailers: of a chunked HTTP message.
    """

    what: Any
    start: int
    end: int
    label: str
    trailers: Headers = ()


class Reader(Protocol):
    """One direction of one connection. Offsets count from the first byte it is fed.

    What is wrong with the bytes it raises as a `FramingError`; if messages came before, it returns them and
    raises at the next call. It is not fed again after that.
    """

    @property
    def within(self) -> str:
        """In what it has stopped, for "the rest of its … is to come"."""

    def feed(self, data: bytes) -> list[Message]:
        """The messages completed by these bytes, each starting where the one before ended, or later."""

    def eof(self) -> list[Message]:
        """The stream has ended: what only its end completes; `Truncated` if it ended inside a message."""


class Switch(NamedTuple):
    """From these offsets on, both sides speak something else by agreement; `to` is None if nobody reads it."""

    to_server: int
    to_client: int
    name: str
    to: "Framing | None"


class Readers(NamedTuple):
    """The two readers of a connection, and what says whether they have agreed to speak something else."""

    to_server: Reader
    to_client: Reader
    switch: Callable[[], Switch | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Framing:
    """A way to find messages: its name, for "not HTTP/1.1: …", and what makes the readers of a connection."""

    name: str
    readers: Callable[[], Readers]


class LengthPrefixed:
    """A `Reader` of frames with their length in front; `what` is the payload."""

    within = "frame"

    def __init__(self, max_frame: int = 1 << 30) -> None:
        self._parser = FrameParser(max_frame)

    def feed(self, data: bytes) -> list[Message]:
        """The frames completed by these bytes."""
        payloads = self._parser.feed(data)
        messages = []
        at = self._parser.at - sum(len(payload) + 4 for payload in payloads)
        for payload in payloads:
            start, at = at, at + 4 + len(payload)
            messages.append(Message(payload, start, at, f"frame, {len(payload)} bytes"))
        return messages

    def eof(self) -> list[Message]:
        """Nothing, or `Truncated`."""
        self._parser.feed_eof()
        return []


class Lines:
    """A `Reader` of lines; `what` is the line without its end."""

    within = "line"

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._end = 0

    def feed(self, data: bytes) -> list[Message]:
        """The lines completed by these bytes."""
        whole, feed, rest = data.rpartition(b"\n")
        if not feed:
            self._pending.append(data)
            return []
        messages = []
        for line in b"".join((*self._pending, whole)).split(b"\n"):
            start, self._end = self._end, self._end + len(line) + 1
            text = line.removesuffix(b"\r")
            messages.append(Message(text, start, self._end, text[:200].decode("utf-8", "replace")))
        self._pending = [rest]
        return messages

    def eof(self) -> list[Message]:
        """Nothing, or `Truncated` where the last line has no end."""
        if size := sum(map(len, self._pending)):
            got = f"the end of the stream after {size} of its bytes"
            raise Truncated("the line feed that ends the line", got, "end the last line too")
        return []


class WebSocketFrames:
    """A `Reader` of WebSocket frames; `what` is the `Frame`."""

    within = "frame"

    def __init__(self, *, masked: bool) -> None:
        self._parser = WebSocketParser(masked=masked, max_payload=ANY_SIZE)

    def feed(self, data: bytes) -> list[Message]:
        """The frames completed by these bytes."""
        return [Message(frame, frame.start, frame.end, frame.label) for frame in self._parser.feed(data)]

    def eof(self) -> list[Message]:
        """Nothing, or `Truncated`."""
        self._parser.feed_eof()
        return []


FRAMES = Framing("length-prefixed frames", lambda: Readers(LengthPrefixed(), LengthPrefixed()))
LINES = Framing("lines", lambda: Readers(Lines(), Lines()))
WEBSOCKET = Framing("WebSocket", lambda: Readers(WebSocketFrames(masked=True), WebSocketFrames(masked=False)))
