"""What the tap saw, as steps to draw: messages with their pieces, and what happened to the connections."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, groupby, islice

from patterns.lab.anatomy.visible import shown_text, visible
from patterns.wire.tap import Direction, Kind, Record, Seen, Traffic

FIRST_BYTES = 160


class What(StrEnum):
    """The kinds of step, each drawn in a way of its own."""

    MESSAGE = "message"
    BYTES = "bytes"
    OPEN = "open"
    END = "end"
    RESET = "reset"
    CUT = "cut"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Step:
    """One arrow or mark. Times in s, by the tap's clock; `pieces` are (sent, arrived) of each chunk."""

    what: What
    connection: int
    to_server: bool
    sent_s: float
    arrived_s: float
    label: str
    size_bytes: int = 0
    first: bytes = b""
    pieces: tuple[tuple[float, float], ...] = ()
    trouble: str = ""
    """Why it is no whole message, if it is none."""
    is_broken: bool = False
    """Whether it should have been one: incomplete, or no message on a connection that had some."""


Placed = tuple[int, Record]
"""A record with its place in the traffic."""

_MARKS = {
    Kind.OPEN: (What.OPEN, "connection opens"),
    Kind.EOF: (What.END, "sends no more (FIN)"),
    Kind.RESET: (What.RESET, "reset (RST)"),
    Kind.CUT: (What.CUT, "cut on the way"),
    Kind.CLOSE: (What.CLOSE, "connection closed"),
}


def steps(traffic: Traffic, since_s: float = float("-inf")) -> list[Step]:
    """Every message and every event of the connections, in the order in which they were sent.

    since_s: leave out what was sent before; only the records since then are looked at.
    What was sent at one instant stands in the order of the traffic: an answer comes after its question.
    """
    chunks: dict[tuple[int, Direction], list[Placed]] = defaultdict(list)
    marks: list[Placed] = []
    for placed in _records(traffic, since_s):
        record = placed[1]
        kept = chunks[record.connection, record.direction] if record.kind is Kind.DATA else marks
        kept.append(placed)
    drawn = [*_messages(traffic.messages(), chunks, since_s), *_marks(marks)]
    return [step for _, step in sorted(drawn, key=lambda pair: (pair[1].sent_s, pair[0])) if step.sent_s >= since_s]


def _records(traffic: Traffic, since_s: float) -> list[Placed]:
    """The records since then; found from the end, so that a long past costs nothing."""
    records = tuple(traffic)
    window = []
    for place in range(len(records) - 1, -1, -1):
        if records[place].time_s < since_s:
            break
        window.append((place, records[place]))
    return window[::-1]


def _messages(
    seen: Sequence[Seen], chunks: dict[tuple[int, Direction], list[Placed]], since_s: float
) -> Iterator[tuple[int, Step]]:
    arrived = bisect_left(seen, since_s, key=lambda one: one.arrived_s)
    inside = [one for one in islice(seen, arrived, None) if one.sent_s >= since_s]
    sizes: dict[tuple[int, Direction], int] = defaultdict(int)
    for one in inside:
        sizes[one.connection, one.direction] += len(one.data)
    places = {key: _Places(records, sizes[key]) for key, records in chunks.items()}
    failed = {one.connection for one in inside if (one.error or "").startswith("not")}
    understood = {one.connection for one in seen if one.message is not None} if failed else set()
    for _, group in groupby(enumerate(_by_stream(inside)), key=lambda pair: _part_of(*pair)):
        parts = [one for _, one in group]
        one = parts[0]
        data = b"".join(part.data for part in parts)
        trouble = one.error or ""
        incomplete = trouble.startswith("incomplete")
        carried = places[one.connection, one.direction].next(len(data))
        yield (
            carried[-1][0],
            Step(
                What.MESSAGE if one.message is not None or incomplete else What.BYTES,
                one.connection,
                one.direction is Direction.TO_SERVER,
                one.sent_s,
                parts[-1].arrived_s,
                shown_text(one.label) if one.message is not None else _first_line(data),
                len(data),
                data[:FIRST_BYTES],
                tuple((record.sent_s, record.time_s) for _, record in carried),
                trouble,
                incomplete or (trouble.startswith("not") and one.connection in understood),
            ),
        )


def _by_stream(seen: list[Seen]) -> list[Seen]:
    """In the order of each stream, so that the pieces of what is incomplete stand together."""
    return sorted(seen, key=lambda one: (one.connection, one.direction))


def _part_of(number: int, one: Seen) -> object:
    """What is incomplete came chunk by chunk, but is one message; all else stands alone."""
    is_part = one.message is None and (one.error or "").startswith("incomplete")
    return (one.connection, one.direction, one.error) if is_part else number


class _Places:
    """Which chunks of a stream carry its next bytes; of their bytes, the last `size_bytes` are asked for."""

    def __init__(self, records: list[Placed], size_bytes: int) -> None:
        self._records = records
        self._starts = [0, *accumulate(len(record.data) for _, record in records)]
        self._at = self._starts[-1] - size_bytes

    def next(self, size_bytes: int) -> list[Placed]:
        """Every chunk that carries some of the next so many bytes."""
        start, self._at = self._at, self._at + size_bytes
        return self._records[bisect_right(self._starts, start) - 1 : bisect_left(self._starts, self._at)]


def _first_line(data: bytes) -> str:
    """What came, as far as a label has room: of HTTP the start line without its version."""
    line, end, _ = data.partition(b"\r\n")
    words = line.split(b" ")
    if end and len(words) == 3 and words[2].startswith(b"HTTP/"):
        return visible(b" ".join(words[:2]))
    if end and words[0].startswith(b"HTTP/"):
        return visible(b" ".join(words[1:]))
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in data.rstrip(b"\r\n")[:100])


def _marks(records: Sequence[Placed]) -> Iterator[tuple[int, Step]]:
    # An end in both directions says that the connection is closed: one mark fewer to read.
    ended: dict[int, int] = defaultdict(int)
    for place, record in records:
        ended[record.connection] += {Kind.EOF: 1, Kind.RESET: 2, Kind.CUT: 2}.get(record.kind, 0)
        what, label = _MARKS[record.kind]
        if what is What.CLOSE and ended[record.connection] >= 2:
            continue
        yield (
            place,
            Step(
                what,
                record.connection,
                record.direction is Direction.TO_SERVER,
                record.sent_s,
                record.time_s,
                label,
            ),
        )
