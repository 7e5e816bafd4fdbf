"""Record batches from outside: their headers are read and two numbers of them overwritten; what is inside stays closed.

The problem: a broker has to give each record its offset, and would have to open, change and sum up each batch for it.
The assumption: who made the batch numbered its records from 0, and the base offset stands in front of what the
checksum covers. The bargain: the broker overwrites eight bytes and never looks at a record; whether those in it are
well formed, their reader has to find out. (KIP-98; kafka.apache.org/documentation, "Record Batch".)

    base_offset 8 · length 4 · partition_leader_epoch 4 · magic 1 · crc 4 ┊ attributes 2 · last_offset_delta 4 ·
    base_timestamp 8 · max_timestamp 8 · producer_id 8 · producer_epoch 2 · base_sequence 4 · record_count 4 · records

The length counts from behind itself; the checksum, CRC-32C, is of all that stands behind it (┊).
The magic of formats before 2 stands at the same place, so they are recognised, and refused.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from google_crc32c import value as crc32c

from patterns.wire.kafka.errors import CorruptBatch, InvalidBatch, UnsupportedMagic

HEADER = struct.Struct(">qiibIhiqqqhii")
HEADER_BYTES = HEADER.size  # 61
MAGIC = 2
MAGIC_AT = 16
LENGTH_END = 12  # base offset, and the length itself
CRC_END = 21
SMALLEST_LENGTH = HEADER_BYTES - LENGTH_END

COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
COMPRESSION_BITS = 0b111
LOG_APPEND_TIME = 1 << 3
TRANSACTIONAL = 1 << 4
CONTROL = 1 << 5


class Batch(NamedTuple):
    """A batch's header; times in ms. `data[start:end]` are its bytes, in the data it was found in."""

    base_offset: int
    length: int
    partition_leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp_ms: int
    max_timestamp_ms: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int
    start: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + LENGTH_END + self.length

    @property
    def size_bytes(self) -> int:
        """All of it, header included."""
        return LENGTH_END + self.length

    @property
    def next_offset(self) -> int:
        """The offset behind its last."""
        return self.base_offset + self.last_offset_delta + 1

    @property
    def compression(self) -> str:
        """How its records are compressed: one of `COMPRESSIONS`."""
        number = self.attributes & COMPRESSION_BITS
        return COMPRESSIONS[number] if number < len(COMPRESSIONS) else f"unknown ({number})"

    @property
    def is_control(self) -> bool:
        """Whether it holds markers of transactions, and no one's records."""
        return bool(self.attributes & CONTROL)

    @property
    def is_stamped_by_broker(self) -> bool:
        """Whether all its records have the time at which they were appended, `max_timestamp_ms`."""
        return bool(self.attributes & LOG_APPEND_TIME)


class Stamped(NamedTuple):
    """Batches with the offsets they were given, and the one behind the last."""

    data: bytes
    next_offset: int


def scan_batches(data: bytes, at: int = 0) -> Iterator[Batch]:
    """The whole batches in `data`, front to back, each checked; it ends where the next is not all there.

    So does a fetch, which may break off inside a batch, and a file after a crash: cut it at the `end` of the last.

    Raises:
        UnsupportedMagic: another format.
        CorruptBatch: a checksum that is not that of the bytes, or a length that no batch has.
    """
    while at + MAGIC_AT < len(data):
        magic = data[at + MAGIC_AT]
        if magic != MAGIC:
            mend = "send record batches (Produce v3 or later, and a client that was told Metadata v4 or later)"
            raise UnsupportedMagic(f"magic 2, a record batch, at byte {at}", f"magic {magic}", mend)
        length = int.from_bytes(data[at + 8 : at + LENGTH_END], "big", signed=True)
        if length < SMALLEST_LENGTH:
            expected = f"a batch of at least {SMALLEST_LENGTH} bytes behind its length, at byte {at}"
            raise CorruptBatch(expected, f"one of {length}", "send it again")
        if at + LENGTH_END + length > len(data):
            return
        batch = Batch._make((*HEADER.unpack_from(data, at), at))
        found = crc32c(data[at + CRC_END : batch.end])
        if found != batch.crc:
            expected = f"bytes with the CRC-32C {batch.crc:#010x} in the batch at byte {at}"
            raise CorruptBatch(expected, f"{found:#010x}", "send it again: some byte was changed on the way")
        yield batch
        at = batch.end


def produced_batches(data: bytes | None) -> list[Batch]:
    """The batches in a field of a Produce request, all there, and fit to be appended.

    Raises:
        UnsupportedMagic: another format.
        CorruptBatch: not all there, or changed on the way.
        InvalidBatch: none at all; one without records, or not numbered 0, 1, 2, …; or one that only brokers write.
    """
    batches = list(scan_batches(data or b""))
    end = batches[-1].end if batches else 0
    if left := len(data or b"") - end:
        raise CorruptBatch(f"the whole batch that starts at byte {end}", f"{left} bytes of it", "send all of it")
    if not batches:
        raise InvalidBatch("a record batch", "none", "leave the partition out if there is nothing to append")
    for batch in batches:
        count = batch.last_offset_delta + 1
        if count < 1 or count != batch.record_count:
            expected = f"as many records as offsets in the batch at byte {batch.start}, and at least one"
            got = f"{batch.record_count} records and {count} offsets"
            raise InvalidBatch(expected, got, "number the records 0, 1, 2, …")
        if batch.is_control:
            expected = f"a batch of records at byte {batch.start}"
            raise InvalidBatch(expected, "a control batch", "leave the end of transactions to the broker")
    return batches


def stamp(data: bytes, batches: list[Batch], base_offset: int, leader_epoch: int = 0) -> Stamped:
    """The same batches with offsets from `base_offset` on. What is stamped no checksum covers: none is computed."""
    stamped = bytearray(data)
    for batch in batches:
        struct.pack_into(">q", stamped, batch.start, base_offset)
        struct.pack_into(">i", stamped, batch.start + LENGTH_END, leader_epoch)
        base_offset += batch.last_offset_delta + 1
    return Stamped(bytes(stamped), base_offset)
