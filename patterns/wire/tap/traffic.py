"""Traffic: what a tap has seen, in the order of arrival.

The problem: costs and diagrams should come from what went over the wire, not from what the code believes
that it sent.
The assumption: somebody appends a record when something is handed on, with the times of both its ends.
The bargain: memory is limited. Over `limit_bytes` the oldest records go, with a note; the byte counts stay
exact all the same.
"""

import builtins
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import islice
from operator import itemgetter

from patterns.wire.tap.framings import Framing
from patterns.wire.tap.http1 import HTTP
from patterns.wire.tap.record import Direction, Record
from patterns.wire.tap.seen import Conversation, Seen

RECORD_BYTES = 200  # what a record costs besides its data: its slots, two floats, the bytes object's head


class Traffic:
    """Records in the order of their `time_s`. Iterate it, index it, or ask for a part of it.

    limit_bytes: how much memory the records may take before the oldest are dropped.
    framing: how `messages` finds messages in the bytes.
    """

    def __init__(self, *, limit_bytes: int = 64 << 20, framing: Framing = HTTP) -> None:
        self.framing = framing
        self.limit_bytes = limit_bytes
        self.clear()

    def clear(self) -> None:
        """Forget everything, the counts too."""
        self._records: deque[Record] = deque()
        self._size = 0
        self._counts: Counter[Direction] = Counter()
        self._dropped: dict[int, Counter[Direction]] = {}
        self.dropped_records = 0
        self.dropped_until_s = float("-inf")
        self._appended = 0  # records ever, so the place of the next
        self._read = 0  # so many of them are in the conversations
        self._conversations: dict[int, Conversation] = {}
        self._to_read_anew: set[int] = set()

    def append(self, record: Record) -> None:
        """Add a record, and drop the oldest if memory is short."""
        self._records.append(record)
        self._appended += 1
        self._counts[record.direction] += len(record.data)
        self._size += RECORD_BYTES + len(record.data)
        while self._size > self.limit_bytes and len(self._records) > 1:
            oldest = self._records.popleft()
            self._size -= RECORD_BYTES + len(oldest.data)
            self._dropped.setdefault(oldest.connection, Counter())[oldest.direction] += len(oldest.data)
            if self._conversations.pop(oldest.connection, None) is not None:
                self._to_read_anew.add(oldest.connection)
            self.dropped_records += 1
            self.dropped_until_s = oldest.time_s

    @property
    def note(self) -> str | None:
        """What is missing, in a sentence, or None."""
        if not self.dropped_records:
            return None
        size = sum(counts.total() for counts in self._dropped.values())
        return (
            f"the oldest {self.dropped_records} records, {size} bytes, up to {self.dropped_until_s:.3f} s, "
            f"were dropped to stay within limit_bytes={self.limit_bytes}; the counts include them"
        )

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records))  # a copy: the tap goes on while somebody draws

    def __getitem__(self, index: int) -> Record:
        return self._records[index]

    def __repr__(self) -> str:
        sizes = ", ".join(f"{self.bytes(direction)} bytes {direction}" for direction in Direction)
        return f"<Traffic of {len(self.connections)} connections, {len(self)} records, {sizes}>"

    @property
    def connections(self) -> list[int]:
        """The numbers of the connections that have a record, in order."""
        return sorted({record.connection for record in self._records} | set(self._dropped))

    def only(self, *connections: int) -> "Traffic":
        """What went over these connections."""
        part = self._part(lambda record: record.connection in connections)
        for connection in self._dropped.keys() & set(connections):
            part._dropped[connection] = self._dropped[connection].copy()
            part._counts += self._dropped[connection]
            part.dropped_records = self.dropped_records
            part.dropped_until_s = self.dropped_until_s
        return part

    def since(self, time_s: float) -> "Traffic":
        """What was handed on at `time_s` or later; its counts are of that alone."""
        part = self._part(lambda record: record.time_s >= time_s)
        if time_s <= self.dropped_until_s:
            part.dropped_records, part.dropped_until_s = self.dropped_records, self.dropped_until_s
        return part

    def _part(self, wanted: Callable[[Record], bool]) -> "Traffic":
        part = Traffic(limit_bytes=self.limit_bytes, framing=self.framing)
        for record in self._records:
            if wanted(record):
                part.append(record)
        return part

    def bytes(self, direction: Direction) -> int:
        """How many bytes were handed on in a direction, dropped ones too."""
        return self._counts[direction]

    def stream(self, connection: int, direction: Direction) -> builtins.bytes:
        """All that was handed on in one direction of a connection, as one piece; without what was dropped."""
        return b"".join(
            record.data for record in self._records if record.connection == connection and record.direction is direction
        )

    def messages(self) -> list[Seen]:
        """The messages of every connection, by the framing, in the order in which their last bytes arrived.

        What is no message, or not whole, comes as it is: see `Seen`. Asked again, it reads only what is new;
        connections of which something was dropped since then are read anew.
        """
        self._read_on()
        placed = [one for conversation in self._conversations.values() for one in conversation.seen()]
        placed.sort(key=itemgetter(0, 1))  # in runs already: each direction is in order
        return [one.seen for one in placed]

    def _read_on(self) -> None:
        anew = self._to_read_anew
        if anew:
            for place, record in enumerate(self._records, self._appended - len(self._records)):
                if record.connection in anew:
                    self._conversation(record.connection).add(place, record)
        latest = list(islice(reversed(self._records), self._appended - self._read))
        for place, record in enumerate(reversed(latest), self._appended - len(latest)):
            if record.connection not in anew:
                self._conversation(record.connection).add(place, record)
        self._read = self._appended
        anew.clear()

    def _conversation(self, connection: int) -> Conversation:
        if (found := self._conversations.get(connection)) is None:
            lacking = self._dropped.get(connection, Counter())
            found = Conversation(self.framing, headless={way for way in Direction if lacking[way]})
            self._conversations[connection] = found
        return found
