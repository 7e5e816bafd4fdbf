"""Seen: the messages in what was recorded, with the times of their first and last bytes.

The problem: a chunk on the wire is no message. The assumption: the bytes of a connection are HTTP/1.1 until
they prove to be something else. The bargain: nothing is thrown away. What is not (or not any more, or not
yet wholly) HTTP comes chunk by chunk, as it was on the wire, with the reason.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from patterns.wire.framing import (
    FramingError,
    Limits,
    Message,
    Request,
    RequestAssembler,
    Response,
    ResponseAssembler,
    Truncated,
)
from patterns.wire.tap.record import Direction, Kind, Record

# Who only watches refuses nothing for its size; what is kept, Traffic limits.
WATCHING = Limits(start_line_bytes=1 << 20, headers_bytes=1 << 30, header_count=1 << 30, body_bytes=1 << 60)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message on the wire, or a piece that is none.

    message: the whole message; its `start` and `end` are offsets in the connection's stream of that direction.
    sent_s: when its first byte set out. arrived_s: when its last byte was handed on.
    error: None for a message. Otherwise, on each piece, why it is none: "incomplete: …" (the stream may go
        on, or has ended too early), "not HTTP/1.1: …", or what the connection has been switched to.
    data: its bytes, exactly as delivered.
    """

    connection: int
    direction: Direction
    sent_s: float
    arrived_s: float
    message: Message | None
    error: str | None
    data: bytes


Placed = tuple[tuple[int, int], Seen]
"""With a key to sort by: the place of the record that brought the last byte, then the offset in it."""


def annotate(records: Iterable[tuple[int, Record]], headless: Collection[Direction] = ()) -> list[Placed]:
    """What was seen of one connection, from its records and their places in the traffic.

    headless: the directions whose first bytes are no longer among the records.
    """
    records = list(records)
    up = _Stream(Direction.TO_SERVER, records, headless)
    down = _Stream(Direction.TO_CLIENT, records, headless)
    up.read(RequestAssembler(WATCHING))
    responses = ResponseAssembler(WATCHING)
    for method in up.methods():
        responses.parser.expect(method)
    down.read(responses)
    if (switched := _switch(up.messages, down.messages)) is not None:
        asked, answered, protocol = switched
        up.switch(asked, protocol)
        down.switch(answered, protocol)
    return [*up.seen(), *down.seen()]


def _switch(requests: list[Message], responses: list[Message]) -> tuple[int, int, str] | None:
    """Offsets in both streams where HTTP ends by agreement (RFC 9110 §7.8, §9.3.6), and what follows."""
    final = [message for message in responses if _status(message) >= 200 or _status(message) == 101]
    for request, response in zip(requests, final, strict=False):
        assert isinstance(request.what, Request)
        assert isinstance(response.what, Response)
        if _status(response) == 101:
            return request.end, response.end, response.what.header("Upgrade", "another protocol") or ""
        if request.what.method == "CONNECT" and _status(response) < 300:
            return request.end, response.end, "a tunnel"
    return None


def _status(message: Message) -> int:
    assert isinstance(message.what, Response)
    return message.what.status


class _Stream:
    """One direction of a connection: its chunks, the messages in them, and where those end."""

    def __init__(
        self,
        direction: Direction,
        records: list[tuple[int, Record]],
        headless: Collection[Direction],
    ) -> None:
        own = [(place, record) for place, record in records if record.direction is direction]
        self.chunks = [(place, record) for place, record in own if record.kind is Kind.DATA]
        self.data = b"".join(record.data for _, record in self.chunks)
        self.starts = [0, *accumulate(len(record.data) for _, record in self.chunks)]
        self.has_ended = any(record.kind is Kind.EOF for _, record in own)
        self.is_broken = any(record.kind in {Kind.RESET, Kind.CUT, Kind.CLOSE} for _, record in records)
        self.is_headless = direction in headless
        self.messages: list[Message] = []
        self.error: str | None = None

    def read(self, assembler: RequestAssembler | ResponseAssembler) -> None:
        """Find the messages, and why what is behind them is none."""
        if self.is_headless:
            self.error = "incomplete: the beginning of the stream was dropped"
            return
        try:
            for _, record in self.chunks:
                self.messages += assembler.feed(record.data)
            assembler.feed(b"")  # an error that came behind a message is raised by the next call
            if self.has_ended:
                self.messages += assembler.feed_eof()
        except Truncated as error:
            self.error = f"incomplete: {error}"
        except FramingError as error:
            self.error = f"not HTTP/1.1: {error}"
        else:
            where = assembler.parser.state
            broken = f"the connection broke in its {where}"
            self.error = f"incomplete: {broken if self.is_broken else f'the rest of its {where} is to come'}"

    @property
    def end(self) -> int:
        """Where the last message ends."""
        return self.messages[-1].end if self.messages else 0

    def methods(self) -> Iterator[str]:
        """The methods of the requests, also of one of which only the start line has come."""
        for message in self.messages:
            if isinstance(message.what, Request):
                yield message.what.method
        line, found, _ = self.data[self.end : self.end + WATCHING.start_line_bytes].lstrip().partition(b" ")
        if found:
            yield line.decode("latin-1")

    def switch(self, end: int, protocol: str) -> None:
        """What follows that offset is no HTTP, by agreement."""
        self.messages = [message for message in self.messages if message.end <= end]
        self.error = f"switched to {protocol}"

    def seen(self) -> Iterator[Placed]:
        """The messages, then piece by piece what is behind them."""
        for message in self.messages:
            yield self._seen(message.start, message.end, message, None)
        start = self.end
        while start < len(self.data):
            end = self.starts[bisect_right(self.starts, start)]
            yield self._seen(start, end, None, self.error)
            start = end

    def _seen(self, start: int, end: int, message: Message | None, error: str | None) -> Placed:
        _, first = self.chunks[bisect_right(self.starts, start) - 1]
        place, last = self.chunks[bisect_right(self.starts, end - 1) - 1]
        return (place, end), Seen(
            first.connection,
            first.direction,
            first.sent_s,
            last.time_s,
            message,
            error,
            self.data[start:end],
        )
