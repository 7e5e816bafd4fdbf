"""A partition: Kafka's log, in which whatever was appended together is read together.

The problem: a million readers, each with an offset of its own, ask for what lies behind it, and most of them for
the newest; memory must not grow without end. The assumption: what is appended, a batch, is never changed, never
read in part, and brings its own offsets; what is in it is no business of the log's. The bargain: an offset is found
by halving, never by counting, and old batches are forgotten a whole segment at a time, so that forgetting costs the
same however much there is; hence up to a segment more is kept than was asked for.

    start_offset                                                        next_offset
    │ segment 0              │ segment 120            │ segment 241        │
    │ 0‥39  40‥99  100‥119   │ 120‥200  201‥240       │ 241‥250  251‥260   │ the next append
      read(57): from here ───────────────────────────────────────────────▶

A log has no lock: who has several threads lets one at a time into it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from itertools import islice
from operator import attrgetter

SEGMENT_BYTES = 1 << 20
by_base_offset = attrgetter("base_offset")


class PartitionLogError(ValueError):
    """What a partition refuses, unchanged: `OffsetOutOfRange`, `NothingAppended`, `NegativeMaxBytes`, `BadSize`."""


class OffsetOutOfRange(PartitionLogError, IndexError):
    """Nothing is there any more, or not yet: readable is `start_offset` to `next_offset`, the latter as nothing."""

    def __init__(self, offset: int, start_offset: int, next_offset: int) -> None:
        where = "before the start" if offset < start_offset else "beyond the end"
        super().__init__(
            f"expected an offset from {start_offset} to {next_offset}, got {offset}, {where}; "
            f"read from {start_offset}, the oldest, or from {next_offset}, the next"
        )
        self.offset = offset
        self.start_offset = start_offset
        self.next_offset = next_offset


class NothingAppended(PartitionLogError):
    """A batch without bytes or without records was to be appended."""


class NegativeMaxBytes(PartitionLogError):
    """Fewer than no bytes were asked for."""


class BadSize(PartitionLogError):
    """A size that no segment has, or that no log can be kept down to."""


class Segment:
    """A stretch of the log that is forgotten as one: batches one behind the other, in memory.

    `base_offset` is its first batch's; `position`, the bytes that were ever appended before it.
    """

    __slots__ = ("_batches", "base_offset", "offsets", "position", "size_bytes", "starts")

    def __init__(self, base_offset: int, position: int) -> None:
        self.base_offset = base_offset
        self.position = position
        self.size_bytes = 0
        self.offsets = array("q")  # of each batch, the base offset,
        self.starts = array("q")  # and where in the segment it starts
        self._batches: list[bytes] = []

    @property
    def end(self) -> int:
        """The position behind its last byte."""
        return self.position + self.size_bytes

    def add(self, base_offset: int, data: bytes) -> None:
        """Put a batch behind the last one."""
        self.write(data)
        self.note(base_offset, len(data))

    def note(self, base_offset: int, size_bytes: int) -> None:
        """Know of a batch behind the last one, where it is already."""
        self.offsets.append(base_offset)
        self.starts.append(self.size_bytes)
        self.size_bytes += size_bytes

    def write(self, data: bytes) -> None:
        """Keep the bytes, or raise and have kept none of them."""
        self._batches.append(data)

    def take(self, first: int, stop: int) -> bytes:
        """The bytes of batches number `first` up to, without it, `stop`; of a single one they are not copied."""
        return b"".join(self._batches[first:stop])

    def forget(self) -> None:
        """Give up what is kept outside of memory; nothing is read from it again."""


class PartitionLog:
    """Batches with offsets, in memory; what is in them, the log does not know.

    Args:
        retention_bytes: forget the oldest segment as long as this much stays without it; None: keep everything.
        segment_bytes: a segment grows no larger, unless its one batch is.

    Raises:
        BadSize: a segment of less than a byte, or less than nothing to keep.
    """

    def __init__(self, *, retention_bytes: int | None = None, segment_bytes: int = SEGMENT_BYTES) -> None:
        if segment_bytes < 1:
            raise BadSize(f"expected segments of at least 1 byte, got {segment_bytes}; leave it out for the usual size")
        if retention_bytes is not None and retention_bytes < 0:
            raise BadSize(f"expected at least 0 bytes to keep, got {retention_bytes}; None keeps everything")
        self._retention_bytes = retention_bytes
        self._segment_bytes = segment_bytes
        self._segments: list[Segment] = []
        self._next_offset = 0

    @property
    def start_offset(self) -> int:
        """The offset of the oldest record that can be read; with nothing in the log, the next one's."""
        return self._segments[0].base_offset if self._segments else self._next_offset

    @property
    def next_offset(self) -> int:
        """The offset that the next record will have."""
        return self._next_offset

    @property
    def size_bytes(self) -> int:
        """The bytes of all batches that can be read."""
        return self._segments[-1].end - self._segments[0].position if self._segments else 0

    def append(self, data: bytes, records: int) -> int:
        """Put `data`, which takes up `records` offsets from `next_offset` on, behind the last; its base offset.

        It is read as one: who appends several batches in one piece gets them in one piece. When this returns, they
        are there for every reader; when it raises, nothing of them is.

        Raises:
            NothingAppended: no bytes, or no records.
        """
        if not data or records < 1:
            raise NothingAppended(
                f"expected a batch with at least one record, got {records} in {len(data)} bytes; append nothing instead"
            )
        base_offset = self._next_offset
        segment = self._segments[-1] if self._segments else None
        if segment is None or (segment.size_bytes and segment.size_bytes + len(data) > self._segment_bytes):
            segment = self._segment(base_offset, segment.end if segment else 0)
            self._segments.append(segment)  # should the batch not go in, an empty one is the next one's
        segment.add(base_offset, data)
        self._next_offset += records
        if self._retention_bytes is not None:
            self._forget(segment.end - self._retention_bytes)
        return base_offset

    def read(self, offset: int, max_bytes: int | None = None) -> bytes:
        """Whole batches, from the one that holds `offset` on; b"" where `offset` is the next one.

        As many as `max_bytes` allow; the first even if it is larger, or its reader would never get past it (KIP-74).

        Raises:
            OffsetOutOfRange: forgotten already, or not there yet.
            NegativeMaxBytes: `max_bytes` < 0.
        """
        found = self._find(offset, max_bytes)
        if found is None:
            return b""
        number, first = found
        end = self._segments[-1].end
        if max_bytes is not None:
            segment = self._segments[number]
            end = min(end, segment.position + segment.starts[first] + max_bytes)
        pieces: list[bytes] = []
        for segment in islice(self._segments, number, None):
            stop = len(segment.starts)
            if segment.end > end:  # batches that start at or before the end fit, but for the last of them
                stop = bisect_right(segment.starts, end - segment.position) - 1
            if not pieces:
                stop = max(stop, first + 1)
            if stop <= first:
                break
            pieces.append(segment.take(first, stop))
            first = 0
        return b"".join(pieces)

    def available(self, offset: int, max_bytes: int | None = None) -> int:
        """How many bytes there are to read from the batch that holds `offset` on, but no more than `max_bytes`.

        Raises: as `read`.
        """
        found = self._find(offset, max_bytes)
        if found is None:
            return 0
        segment = self._segments[found[0]]
        size_bytes = self._segments[-1].end - segment.position - segment.starts[found[1]]
        return size_bytes if max_bytes is None else min(size_bytes, max_bytes)

    def _find(self, offset: int, max_bytes: int | None) -> tuple[int, int] | None:
        """Which segment and which batch of it hold `offset`; None where it is the next one."""
        if max_bytes is not None and max_bytes < 0:
            raise NegativeMaxBytes(f"expected at least 0 bytes, got {max_bytes}; None reads to the end")
        if offset == self._next_offset:
            return None
        if not self.start_offset <= offset < self._next_offset:
            raise OffsetOutOfRange(offset, self.start_offset, self._next_offset)
        number = bisect_right(self._segments, offset, key=by_base_offset) - 1
        return number, bisect_right(self._segments[number].offsets, offset) - 1

    def _forget(self, position: int) -> None:
        """Forget the segments that end at `position` or before it; never the last, which is appended to."""
        while len(self._segments) > 1 and self._segments[0].end <= position:
            self._segments.pop(0).forget()

    def _segment(self, base_offset: int, position: int) -> Segment:
        """A new segment, empty."""
        return Segment(base_offset, position)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of offsets {self.start_offset}–{self._next_offset}, {self.size_bytes} bytes>"
