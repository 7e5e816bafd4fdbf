"""Topics, their partitions, and how far of each has been replicated: what produce writes and fetch reads.

The problem: whoever waits must not see what may still be lost. The assumption: offsets grow, and so does the part
that every replica has. The bargain: one number a partition, its high watermark, says where consumers' reading ends
and what a producer with acks=all waits for. Here no replicas exist; how long they would take is a setting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from patterns.purgatory.disk import BadFolder
from patterns.purgatory.sequences import Sequences
from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import Batch, stamp

LEADER_EPOCH = 0  # there was never another leader
MOST_PARTITIONS = 10_000  # of all topics together: each costs memory, and a request may ask for 2³¹
_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")


class Storage(Protocol):
    """Where batches are kept: `PartitionLog`, or one in a folder."""

    @property
    def start_offset(self) -> int:
        """The first that can be read."""

    @property
    def next_offset(self) -> int:
        """The one that the next record will have."""

    def append(self, data: bytes, records: int) -> int:
        """Put it behind the last."""

    def read(self, offset: int, max_bytes: int | None = None) -> bytes:
        """Whole batches from there on."""

    def available(self, offset: int, max_bytes: int | None = None) -> int:
        """How many bytes `read` could give."""


MakeStorage = Callable[[str, int], Storage]
"""For a topic's partition of that number."""


def in_memory(retention_bytes: int | None = None, whole: Collection[str] = ()) -> MakeStorage:
    """Logs that do not survive the process, each of so much, see `PartitionLog`; a topic in `whole` forgets nothing."""
    return lambda topic, _: PartitionLog(retention_bytes=None if topic in whole else retention_bytes)


class Partition:
    """A partition: batches by offset, and the high watermark, up to which consumers read. The purgatories' key.

    `changes` counts what makes an answer out of date.
    """

    __slots__ = ("changes", "high_watermark", "index", "lock", "sequences", "storage", "topic")

    def __init__(self, topic: str, index: int, storage: Storage, lock: AbstractContextManager[object]) -> None:
        self.topic = topic
        self.index = index
        self.storage = storage
        self.lock = lock
        self.high_watermark = storage.next_offset
        self.changes = 0
        self.sequences = Sequences()

    @property
    def name(self) -> str:
        """As people write it: topic-0."""
        return f"{self.topic}-{self.index}"

    def append(self, data: bytes, batch: Batch) -> int:
        """Give a batch, which is all of `data`, the next offsets and keep it; the first of them.

        One that is sent again is not kept again, and has its first offset of then.

        Raises:
            RecordsError: these are not records for this partition.
            SequenceError: the producer's numbers say that something is missing.
            OSError: the disk would not take it.
        """
        with self.lock:
            earlier = self.sequences.check(batch)
            if earlier is not None:
                return earlier
            base_offset = self.storage.next_offset
            self.storage.append(stamp(data, [batch], base_offset, LEADER_EPOCH).data, batch.record_count)
            self.sequences.note(batch, base_offset)
            self.changes += 1
            return base_offset

    def replicated(self, offset: int) -> bool:
        """Every replica has what lies before `offset`: raise the high watermark; False if it was there already."""
        with self.lock:
            if offset <= self.high_watermark:
                return False
            self.high_watermark = offset
            self.changes += 1
            return True

    def holds(self, offset: int) -> bool:
        """Whether one may ask for it: readable, or the next one."""
        return self.storage.start_offset <= offset <= self.storage.next_offset

    def read(self, offset: int, max_bytes: int) -> bytes:
        """Whole batches below the high watermark, from the one with `offset` on; at least one, however large."""
        with self.lock:
            if offset >= self.high_watermark:
                return b""
            data = self.storage.read(offset, max_bytes)
            if self.high_watermark < self.storage.next_offset:
                data = _below(self.high_watermark, data)
            return data

    def available(self, offset: int, max_bytes: int) -> int:
        """How many bytes there are below the high watermark, from the batch with `offset` on; no more than that."""
        with self.lock:
            if offset >= self.high_watermark:
                return 0
            size_bytes = self.storage.available(offset)
            if self.high_watermark < self.storage.next_offset:
                size_bytes -= self.storage.available(self.high_watermark)
            return min(size_bytes, max_bytes)

    def close(self) -> None:
        """Give back what the storage holds."""
        close = getattr(self.storage, "close", None)
        if close is not None:
            close()

    def __repr__(self) -> str:
        return f"<Partition {self.name}, {self.storage.start_offset}–{self.storage.next_offset}>"


def _below(offset: int, data: bytes) -> bytes:
    """The batches in front of the first that starts at `offset` or behind it."""
    at = 0
    while at < len(data) and int.from_bytes(data[at : at + 8], "big") < offset:
        at += 12 + int.from_bytes(data[at + 8 : at + 12], "big")
    return data[:at]


class TopicError(ValueError):
    """What makes no topic: `BadName`, `TopicExists`, `BadPartitions`."""


class BadName(TopicError):
    """Not a name of at most 249 letters, digits, dots, dashes and underscores, or only dots."""


class TopicExists(TopicError):
    """There is one of that name."""


class BadPartitions(TopicError):
    """No partition at all, or more than a broker here has room for."""


class Topics(Mapping[str, tuple[Partition, ...]]):
    """Every topic by its name, with its partitions; `changes` counts those that were added."""

    def __init__(self, make_storage: MakeStorage, lock: Callable[[], AbstractContextManager[object]] | None) -> None:
        self.storage = make_storage
        self.lock: Callable[[], AbstractContextManager[object]] = lock or nullcontext
        self._lock = self.lock()
        self._topics: dict[str, tuple[Partition, ...]] = {}
        self.changes = 0

    def __getitem__(self, name: str) -> tuple[Partition, ...]:
        return self._topics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._topics))

    def __len__(self) -> int:
        return len(self._topics)

    def partition(self, topic: str, index: int) -> Partition | None:
        """The partition, or None."""
        partitions = self._topics.get(topic, ())
        return partitions[index] if 0 <= index < len(partitions) else None

    def check(self, name: str, partitions: int) -> None:
        """Raise the `TopicError` that `make` would."""
        if not _NAME.fullmatch(name) or name in {".", ".."}:
            expected = "expected a topic's name of 1 to 249 of a–z, A–Z, 0–9, dot, dash and underscore"
            raise BadName(f"{expected}, not . or .., got {name!r:.300}; choose another")
        if name in self._topics:
            raise TopicExists(f"expected the name of no topic yet, got {name!r}; use it as it is, or choose another")
        room = MOST_PARTITIONS - sum(map(len, tuple(self._topics.values())))
        if not 1 <= partitions <= room:
            raise BadPartitions(f"expected 1 to {room} partitions, got {partitions}; there is room for no more")

    def make(self, name: str, partitions: int = 1) -> tuple[Partition, ...]:
        """A new topic.

        Raises:
            TopicError: what is wrong with it.
            OSError: the disk has no place for it.
        """
        with self._lock:
            self.check(name, partitions)
            try:
                made = tuple(Partition(name, n, self.storage(name, n), self.lock()) for n in range(partitions))
            except BadFolder as error:
                raise BadName(str(error)) from error
            self._topics[name] = made
            self.changes += 1
            return made

    def add(self, *partitions: Partition) -> None:
        """A topic of partitions that somebody else has made."""
        self._topics[partitions[0].topic] = partitions
        self.changes += 1

    def close(self) -> None:
        """Give back what the partitions hold."""
        for partitions in self._topics.values():
            for partition in partitions:
                partition.close()
