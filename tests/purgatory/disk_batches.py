"""What the tests of the log in a folder share: batches with offsets, and what a folder holds."""

from __future__ import annotations

from pathlib import Path

from patterns.purgatory.disk import DiskLog
from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import Record, decode_records, encode_batch

FIRST = "00000000000000000000.log"


def batch(base_offset: int, *values: bytes) -> bytes:
    """One batch, stamped."""
    return encode_batch([Record(value, timestamp_ms=1_764_000_000_000) for value in values], base_offset=base_offset)


def append(log: PartitionLog, *values: bytes) -> bytes:
    """Append one batch with these values; its bytes."""
    data = batch(log.next_offset, *values)
    log.append(data, len(values))
    return data


def values(log: DiskLog) -> list[bytes | None]:
    """Everything in it, in order; offsets that are not one behind the other fail."""
    records = decode_records(log.read(log.start_offset))
    assert [record.offset for record in records] == list(range(log.start_offset, log.next_offset))
    return [record.value for record in records]


def files(folder: Path) -> dict[str, bytes]:
    """Every file by its name, but for the lock."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != ".lock"}
