"""Seen: the messages in what was recorded, with the times of their first and last bytes.

The problem: a chunk on the wire is no message. The assumption: the bytes of a connection are of the framing
it was given until they prove to be something else. The bargain: nothing is thrown away. What is not (or not
any more, or not yet wholly) a message comes chunk by chunk, as it was on the wire, with the reason: all
that was seen of a direction, put end to end, is what was delivered.

It reads on where it stopped: asked again after each new record, it does the work once.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from patterns.wire.framing import FramingError, Truncated
from patterns.wire.tap.framings import Framing, Message, Reader
from patterns.wire.tap.record import Direction, Kind, Record


@dataclass(frozen=True, slots=True)
class Seen:
    """A message on the wire, or a piece that is none.

    message: the message; its `start` and `end` are offsets in the connection's stream of that direction.
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

    @property
    def label(self) -> str:
        """What it is, in a few words; empty if it is no message."""
        return self.message.label if self.message is not None else ""


class Placed(NamedTuple):
    """What was seen, and where it belongs: the place of the record that brought its last byte, the offset in it."""

    place: int
    end: int
    seen: Seen


class Conversation:
    """What was seen of one connection, record by record.

    headless: the directions whose first bytes are no longer among the records.
    """

    def __init__(self, framing: Framing, headless: Collection[Direction] = ()) -> None:
        readers = framing.readers()
        self._switch = readers.switch
        self._up = _Stream(framing.name, readers.to_server)
        self._down = _Stream(framing.name, readers.to_client)
        for way in headless:
            self._of(way).stop("incomplete: the beginning of the stream was dropped")
        self._is_broken = False

    def _of(self, way: Direction) -> "_Stream":
        return self._up if way is Direction.TO_SERVER else self._down

    def add(self, place: int, record: Record) -> None:
        """Read on; `place` grows from record to record."""
        kind = record.kind
        if kind is Kind.DATA:
            self._of(record.direction).feed(place, record)
        elif kind is Kind.EOF:
            self._of(record.direction).feed_eof()
        else:
            self._is_broken = self._is_broken or kind is not Kind.OPEN
            return
        if (switched := self._switch()) is not None:
            readers = switched.to.readers() if switched.to is not None else None
            name = switched.to.name if switched.to is not None else switched.name
            self._switch = readers.switch if readers is not None else lambda: None
            self._up.switch(switched.to_server, name, readers and readers.to_server)
            self._down.switch(switched.to_client, name, readers and readers.to_client)

    def seen(self) -> Iterator[Placed]:
        """The messages, then piece by piece what is behind them; one direction after the other."""
        for stream in (self._up, self._down):
            yield from stream.messages
            yield from stream.rest(self._is_broken)


class _Stream:
    """One direction of a connection: its chunks, the messages in them, and where those end."""

    def __init__(self, name: str, reader: Reader) -> None:
        self.messages: list[Placed] = []
        self._name = name
        self._reader: Reader | None = reader
        self._base = 0  # where the reader's first byte stands in the stream
        self._chunks: list[tuple[int, Record]] = []
        self._starts = [0]  # of each chunk, and last of the next
        self._end = 0  # of the last message
        self._has_ended = False
        self._error: str | None = None

    def stop(self, error: str) -> None:
        """Read no further: what follows is no message, and why."""
        self._reader = None
        self._error = error

    def feed(self, place: int, record: Record) -> None:
        """A chunk came."""
        self._chunks.append((place, record))
        self._starts.append(self._starts[-1] + len(record.data))
        self._read(record.data)

    def feed_eof(self) -> None:
        """The stream has ended."""
        if not self._has_ended:
            self._has_ended = True
            self._read(None)

    def switch(self, end: int, name: str, reader: Reader | None) -> None:
        """What follows that offset is something else, by agreement; also what seemed to be a message before."""
        while self._end > end:
            self.messages.pop()
            self._end = self.messages[-1].seen.message.end if self.messages else 0  # type: ignore[union-attr]  # one is
        self._error = f"switched to {name}"
        self._name, self._reader, self._base = name, reader, end
        for number in range(bisect_right(self._starts, end) - 1, len(self._chunks)):
            _, record = self._chunks[number]
            self._read(record.data[max(0, end - self._starts[number]) :])
        if self._has_ended:
            self._read(None)

    def rest(self, is_broken: bool) -> Iterator[Placed]:
        """What is behind the last message, chunk by chunk, and why it is none."""
        size = self._starts[-1]
        if self._end == size:
            return
        error = self._error
        if self._reader is not None:
            within = self._reader.within
            broken = f"the connection broke in its {within}"
            error = f"incomplete: {broken if is_broken else f'the rest of its {within} is to come'}"
        start = self._end
        while start < size:
            end = self._starts[bisect_right(self._starts, start)]
            yield self._placed(start, end, None, error)
            start = end

    def _read(self, data: bytes | None) -> None:
        """Read on, or with None to the end of the stream."""
        if self._reader is None:
            return
        try:
            if data is None:
                self._found(self._reader.eof())
                return
            if found := self._reader.feed(data):
                self._found(found)
                self._reader.feed(b"")  # an error that came behind a message is raised by the next call
        except Truncated as error:
            self.stop(f"incomplete: {error}")
        except FramingError as error:
            self.stop(f"not {self._name}: {error}")

    def _found(self, found: list[Message]) -> None:
        for message in found:
            if self._base:
                message = replace(message, start=message.start + self._base, end=message.end + self._base)
            self.messages.append(self._placed(message.start, message.end, message, None))
            self._end = message.end

    def _placed(self, start: int, end: int, message: Message | None, error: str | None) -> Placed:
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        _, head = self._chunks[first]
        place, tail = self._chunks[last]
        if first == last:
            data = head.data[start - self._starts[first] : end - self._starts[first]]
        else:
            parts = [head.data[start - self._starts[first] :]]
            parts += [record.data for _, record in self._chunks[first + 1 : last]]
            parts.append(tail.data[: end - self._starts[last]])
            data = b"".join(parts)
        return Placed(place, end, Seen(head.connection, head.direction, head.sent_s, tail.time_s, message, error, data))
