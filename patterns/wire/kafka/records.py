"""Records: what is inside a batch. A client's affair: brokers never come here.

Numbers are varints, zigzag (0, -1, 1, -2, … as 0, 1, 2, 3, …), so that small ones take a byte, also negative ones;
offsets and times are differences to the batch's. A length of -1 is null: a record without a key, or, if its value is
null, one that says that its key is gone. (KIP-98; kafka.apache.org/documentation, "Record".)

Only uncompressed batches are read and written: for others the standard library would have to know snappy, lz4 and zstd.
"""

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from google_crc32c import value as crc32c

from patterns.wire.kafka.batches import COMPRESSION_BITS, CRC_END, HEADER, HEADER_BYTES, MAGIC, Batch, scan_batches
from patterns.wire.kafka.errors import Compressed, InvalidBatch, Unencodable

NO_TIMESTAMP = -1
_SMALL = [bytes([number]) for number in range(0x80)]
_NULL = b"\x01"  # -1


class Record(NamedTuple):
    """One record. `offset` is the broker's to give: -1 until then. `timestamp_ms`: since 1970, or -1."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp_ms: int = NO_TIMESTAMP
    offset: int = -1


def encode_batch(
    records: Sequence[Record],
    *,
    base_offset: int = 0,
    producer_id: int = -1,
    producer_epoch: int = -1,
    base_sequence: int = -1,
    leader_epoch: int = -1,
) -> bytes:
    """One uncompressed batch; the records' offsets are counted from `base_offset`, whatever they were.

    Raises:
        InvalidBatch: no record.
        Unencodable: a key, a value or a header of another type.
    """
    if not records:
        raise InvalidBatch("at least one record", "none", "send no batch")
    base_ms = records[0].timestamp_ms
    parts: list[bytes] = []
    for number, record in enumerate(records):
        try:
            parts += _encoded(record, number, base_ms)
        except (TypeError, AttributeError, ValueError) as error:
            expected = f"bytes or None as key and value, and (str, bytes or None) as headers, in record {number}"
            raise Unencodable(expected, f"{record!r:.100}", "encode them, and count times in ms of 64 bits") from error
    inside = b"".join(parts)
    latest_ms = max(record.timestamp_ms for record in records)
    producer = (producer_id, producer_epoch, base_sequence)
    length = HEADER_BYTES - 12 + len(inside)

    def header(crc: int) -> bytes:
        last = len(records) - 1
        return HEADER.pack(
            base_offset, length, leader_epoch, MAGIC, crc, 0, last, base_ms, latest_ms, *producer, len(records)
        )

    try:
        return header(crc32c(header(0)[CRC_END:] + inside)) + inside
    except struct.error as error:
        expected = "numbers that fit into a batch's header"
        times = f"times {base_ms} to {latest_ms}"
        got = f"base offset {base_offset}, leader epoch {leader_epoch}, {times}, producer {producer}"
        raise Unencodable(expected, got, "see `batches` for their sizes") from error


def decode_records(data: bytes | None, from_offset: int = 0) -> list[Record]:
    """The records of the whole batches in a field of a Fetch response, from that offset on.

    A fetch returns the whole batch that an offset lies in, and may break off inside its last one: what is before
    `from_offset` is left out, and so is a batch that is not all there. Control batches have no records of anybody.

    Raises:
        RecordsError: what is wrong with a batch, or that it is compressed.
    """
    found: list[Record] = []
    for batch in scan_batches(data or b""):
        if batch.next_offset > from_offset and not batch.is_control:
            found += decode_batch(data or b"", batch)
    if found and found[0].offset < from_offset:
        found = [record for record in found if record.offset >= from_offset]
    return found


def decode_batch(data: bytes, batch: Batch) -> list[Record]:
    """The records of one batch.

    Raises:
        Compressed: it is compressed.
        InvalidBatch: a record in it does not end where it says, or the batch does not end with its last.
    """
    if batch.attributes & COMPRESSION_BITS:
        mend = "set the producer to no compression (compression.type=none): this codec has none"
        raise Compressed("uncompressed records", f"a batch compressed with {batch.compression}", mend)
    records: list[Record] = []
    try:
        at = batch.start + HEADER_BYTES
        for _ in range(batch.record_count):
            length, at = _varint(data, at)
            end = at + length
            if end > batch.end:
                raise ValueError(end)
            record, at = _decoded(data, at, batch)
            if at != end:
                raise ValueError(at)
            records.append(record)
        if at != batch.end:
            raise ValueError(at)
    except (IndexError, ValueError) as error:
        expected = f"{batch.record_count} records to the end of the batch at byte {batch.start}"
        got = f"{len(records)} and something else"
        raise InvalidBatch(expected, got, "look for the fault in the producer: the checksum is right") from error
    return records


def varint(value: int) -> bytes:
    """A signed number of at most 64 bits, zigzag, in 1 to 10 bytes."""
    left = (value << 1) ^ (value >> 63)
    if left < 0x80:
        return _SMALL[left]
    written = bytearray()
    while left > 0x7F:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    written.append(left)
    return bytes(written)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number, and where it ends."""
    byte = data[at]
    at += 1
    value = byte & 0x7F
    shift = 7
    while byte > 0x7F:
        if shift > 63:
            raise ValueError(at)
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    return value >> 1 ^ -(value & 1), at


def _encoded(record: Record, number: int, base_ms: int) -> Iterable[bytes]:
    value, key, headers, timestamp_ms, _ = record
    parts = [b"\0", varint(timestamp_ms - base_ms), varint(number)]
    for part in (key, value):
        if part is None:
            parts.append(_NULL)
        else:
            parts += (varint(len(part)), part)
    parts.append(varint(len(headers)))
    for name, content in headers:
        encoded = name.encode()
        parts += (varint(len(encoded)), encoded)
        parts += (_NULL,) if content is None else (varint(len(content)), content)
    inside = b"".join(parts)
    return varint(len(inside)), inside


def _decoded(data: bytes, at: int, batch: Batch) -> tuple[Record, int]:
    """The record whose attributes stand at that place, and where it ends. One-byte numbers, the most, are read here."""
    at += 1  # attributes: none are known
    delta_ms = data[at]
    at += 1
    if delta_ms < 0x80:
        delta_ms = delta_ms >> 1 ^ -(delta_ms & 1)
    else:
        delta_ms, at = _varint(data, at - 1)
    delta = data[at]
    at += 1
    if delta < 0x80:
        delta = delta >> 1 ^ -(delta & 1)
    else:
        delta, at = _varint(data, at - 1)
    key, at = _nullable(data, at)
    value, at = _nullable(data, at)
    count = data[at]
    at += 1
    headers: tuple[tuple[str, bytes | None], ...] = ()
    if count:
        count, at = _varint(data, at - 1)
        named = []
        if count < 0:
            raise ValueError(count)
        for _ in range(count):
            name, at = _nullable(data, at)
            content, at = _nullable(data, at)
            if name is None:
                raise ValueError(at)
            named.append((name.decode(), content))
        headers = tuple(named)
    timestamp_ms = batch.max_timestamp_ms if batch.is_stamped_by_broker else batch.base_timestamp_ms + delta_ms
    return Record(value, key, headers, timestamp_ms, batch.base_offset + delta), at


def _nullable(data: bytes, at: int) -> tuple[bytes | None, int]:
    size = data[at]
    at += 1
    if size < 0x80:
        size = size >> 1 ^ -(size & 1)
    else:
        size, at = _varint(data, at - 1)
    if size < 0:
        if size != -1:
            raise ValueError(size)
        return None, at
    end = at + size
    if end > len(data):
        raise ValueError(end)
    return data[at:end], end
