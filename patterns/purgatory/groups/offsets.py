"""How far each group has read: a log of commits, and what stands in it last.

The problem: who takes a partition over has to go on where the last one stopped, also after the broker has been away.
The assumption: a commit is a fact like any other, and there is something here that keeps facts in order: a log.
The bargain: what was committed is found by reading that log from its start, so it must not grow for ever. Kafka
compacts it; here everything that counts is written again from time to time, and what is before may be forgotten.

Keys and values are those of Kafka's topic `__consumer_offsets` (OffsetCommitKey.json v1, OffsetCommitValue.json v3).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import NamedTuple, Protocol

from patterns.wait.delayed_operation import Lock
from patterns.wire.kafka import Record, Struct, decode_records, encode_batch
from patterns.wire.kafka.schema import int32, int64, string
from patterns.wire.kafka.walk import read, write

Partition = tuple[str, int]
"""Topic and number."""

REWRITE_BYTES = 1 << 20
REPLAY_BYTES = 1 << 20  # read at a time
NO_TIME = -1  # the broker's clock does not know what day it is
KEY_VERSION, VALUE_VERSION = 1, 3
_KEY, _VALUE = KEY_VERSION.to_bytes(2, "big"), VALUE_VERSION.to_bytes(2, "big")


class Committed(NamedTuple):
    """What a group has noted of a partition: the offset that it wants next, and whatever it wrote beside it."""

    offset: int
    leader_epoch: int = -1
    metadata: str = ""


class OffsetCommitKey(Struct):
    """Of whom, and of what."""

    group: str = string()
    topic: str = string()
    partition: int = int32()


class OffsetCommitValue(Struct):
    """What was noted."""

    offset: int = int64()
    leader_epoch: int = int32()
    metadata: str = string()
    commit_timestamp: int = int64()


class BatchLog(Protocol):
    """What keeps the commits: a `PartitionLog`, or one on disk."""

    @property
    def start_offset(self) -> int:
        """The first offset that is there."""

    @property
    def next_offset(self) -> int:
        """The first that is not."""

    def append(self, data: bytes, records: int) -> int:
        """Put a batch behind the last."""

    def read(self, offset: int, max_bytes: int | None = None) -> bytes:
        """Whole batches from there on."""


class CommittedOffsets:
    """The offsets of all groups. One lock, a leaf.

    Args:
        log: where commits are written before they count, and read from at the start; None: only in memory.
        rewrite_bytes: after so many bytes of commits everything that counts is written again. What the log keeps at
            least must be more than that and twice what counts.
        lock: makes a lock, if several threads will call.
    """

    def __init__(
        self, log: BatchLog | None = None, rewrite_bytes: int = REWRITE_BYTES, lock: Lock | None = None
    ) -> None:
        self._log = log
        self._rewrite_bytes = rewrite_bytes
        self._lock = nullcontext() if lock is None else lock
        self._of: dict[str, dict[Partition, Committed]] = {}
        self._written_bytes = 0
        if log is not None:
            self._replay(log)

    def of(self, group_id: str) -> Mapping[Partition, Committed]:
        """What this group has committed; empty if nothing."""
        with self._lock:
            return dict(self._of.get(group_id, {}))

    def groups(self) -> list[str]:
        """Those that have committed anything."""
        with self._lock:
            return list(self._of)

    def commit(self, group_id: str, noted: Mapping[Partition, Committed]) -> None:
        """Note these. What the log raises leaves here, and nothing was noted."""
        if not noted:
            return
        with self._lock:
            self._write((group_id, partition, each) for partition, each in noted.items())
            self._of.setdefault(group_id, {}).update(noted)
            if self._written_bytes > self._rewrite_bytes:
                for name, all_of_it in self._of.items():
                    self._write((name, partition, each) for partition, each in all_of_it.items())
                self._written_bytes = 0

    def _write(self, noted: Iterable[tuple[str, Partition, Committed]]) -> None:
        if self._log is None:
            return
        records = [_record(*each) for each in noted]
        batch = encode_batch(records, base_offset=self._log.next_offset, leader_epoch=0)
        self._log.append(batch, len(records))
        self._written_bytes += len(batch)

    def _replay(self, log: BatchLog) -> None:
        offset = log.start_offset
        while records := decode_records(data := log.read(offset, REPLAY_BYTES), offset):
            self._written_bytes += len(data)  # nobody knows how much of it was written again before the restart
            for record in records:
                if record.key is not None and record.key.startswith(_KEY) and record.value is not None:
                    key = read(OffsetCommitKey, KEY_VERSION, record.key, len(_KEY))
                    value = read(OffsetCommitValue, VALUE_VERSION, record.value, len(_VALUE))
                    assert isinstance(key, OffsetCommitKey)
                    assert isinstance(value, OffsetCommitValue)
                    noted = Committed(value.offset, value.leader_epoch, value.metadata)
                    self._of.setdefault(key.group, {})[key.topic, key.partition] = noted
            offset = records[-1].offset + 1


def _record(group_id: str, partition: Partition, noted: Committed) -> Record:
    key = OffsetCommitKey(group=group_id, topic=partition[0], partition=partition[1])
    value = OffsetCommitValue(
        offset=noted.offset, leader_epoch=noted.leader_epoch, metadata=noted.metadata, commit_timestamp=NO_TIME
    )
    return Record(_VALUE + write(value, VALUE_VERSION), _KEY + write(key, KEY_VERSION))
