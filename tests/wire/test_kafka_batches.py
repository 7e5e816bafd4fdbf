"""Record batches: stamped without being opened by a broker, written and read by a client."""

from __future__ import annotations

import datetime
import io
import struct
from typing import Any

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka_oracles import EPOCH, kafka_python_batch, kafka_python_batches
from kio.records.readers import read_batch
from kio.records.schema import NewRecordBatch, RecordHeader
from kio.records.schema import Record as KioRecord
from kio.records.writers import write_new_batch

from patterns.wire import kafka
from patterns.wire.kafka import Record, decode_records, encode_batch, produced_batches, scan_batches, stamp
from patterns.wire.kafka.batches import CRC_END, HEADER_BYTES, MAGIC_AT
from patterns.wire.kafka.records import varint

TIME_MS = 1_764_000_000_000
THREE = [
    Record(b"a", timestamp_ms=TIME_MS),
    Record(None, b"k", (("h", b"1"), ("h", None), ("ä", b"")), TIME_MS + 200),
    Record(b"", b"", (), TIME_MS - 100),
]
BATCH = encode_batch(THREE)
texts = st.text(max_size=6)
blobs = st.none() | st.binary(max_size=100)
times_ms = st.integers(0, 1 << 41)
records = st.builds(Record, blobs, blobs, st.lists(st.tuples(texts, blobs), max_size=3).map(tuple), times_ms)
several = st.lists(records, min_size=1, max_size=5)


def numbered(made: list[Record], base_offset: int = 0) -> list[Record]:
    return [record._replace(offset=base_offset + number) for number, record in enumerate(made)]


def resealed(batch: bytes, at: int, changed: bytes) -> bytes:
    """The batch with other bytes there, and a checksum that is right."""
    batch = batch[:at] + changed + batch[at + len(changed) :]
    return batch[:17] + struct.pack(">I", google_crc32c.value(batch[CRC_END:])) + batch[CRC_END:]


@pytest.mark.parametrize(
    ("data", "sum_"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_the_checksum_is_castagnoli_s(data: bytes, sum_: int) -> None:
    """RFC 3720 §B.4, and the check value of the catalogue of CRC algorithms."""
    assert google_crc32c.value(data) == sum_


def test_a_batch_is_these_bytes() -> None:
    assert encode_batch([Record(b"v", b"k", (("h", b"x"),), TIME_MS)], leader_epoch=0) == bytes.fromhex(
        "0000000000000000 0000003e 00000000 02 c6f86b94"  # offset 0, 62 bytes follow, epoch 0, magic 2, checksum
        "0000 00000000 0000019ab697e800 0000019ab697e800"  # no compression, last delta 0, first and last time
        "ffffffffffffffff ffff ffffffff 00000001"  # no producer id, no epoch, no sequence, one record
        "18 00 00 00"  # of 12 bytes, no attributes, 0 ms and 0 offsets behind the first
        "02 6b 02 76 02 02 68 02 78"  # 1 byte k, 1 byte v, 1 header: 1 byte h, 1 byte x
    )


@settings(max_examples=60, deadline=None)
@given(made=several, base_offset=st.integers(0, 1 << 40), producer_id=st.integers(0, 9))
def test_kio_writes_and_reads_the_same_batches(made: list[Record], base_offset: int, producer_id: int) -> None:
    made = [record._replace(timestamp_ms=record.timestamp_ms // 1000 * 1000) for record in made]  # kio reads seconds
    producer = {"producer_id": producer_id, "producer_epoch": 4, "base_sequence": 3}
    ours = encode_batch(made, base_offset=base_offset, leader_epoch=0, **producer)
    assert decode_records(ours) == numbered(made, base_offset)
    theirs = NewRecordBatch(
        **producer,
        attributes=0,
        records=tuple(as_kio(record) for record in numbered(made, base_offset)),
    )
    buffer = io.BytesIO()
    write_new_batch(buffer, theirs)
    assert buffer.getvalue() == ours
    read, size = read_batch(ours, 0)
    assert size == len(ours)
    assert read.records == theirs.records


def as_kio(record: Record) -> Any:
    return KioRecord(
        attributes=0,
        timestamp=EPOCH + datetime.timedelta(milliseconds=record.timestamp_ms),
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=tuple(RecordHeader(key=name.encode(), value=value) for name, value in record.headers),
    )


@settings(max_examples=60, deadline=None)
@given(made=several)
def test_kafka_python_writes_and_reads_the_same_batches(made: list[Record]) -> None:
    ours = encode_batch(made, leader_epoch=0)
    assert kafka_python_batch(made) == ours
    assert kafka_python_batches(ours) == [numbered(made)]


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "00"), (-1, "01"), (1, "02"), (63, "7e"), (-64, "7f"), (64, "8001"), (-65, "8101"), (300, "d804"),
     ((1 << 63) - 1, "feffffffffffffffff01"), (-(1 << 63), "ffffffffffffffffff01")],
)  # fmt: skip
def test_small_numbers_take_a_byte(number: int, written: str) -> None:
    assert varint(number).hex() == written


# What a broker does.


@settings(max_examples=60, deadline=None)
@given(fields=st.lists(several, min_size=1, max_size=3), offset=st.integers(0, 1 << 40), epoch=st.integers(0, 9))
def test_a_stamp_gives_every_record_its_offset_and_leaves_the_checksum_right(
    fields: list[list[Record]], offset: int, epoch: int
) -> None:
    """Trap T6; several batches in one field are stamped one behind the other."""
    data = b"".join(map(encode_batch, fields))
    batches = produced_batches(data)
    stamped, next_offset = stamp(data, batches, offset, epoch)
    assert decode_records(stamped) == numbered([record for made in fields for record in made], offset)
    assert next_offset == offset + sum(map(len, fields))
    assert list(map(len, kafka_python_batches(stamped))) == list(map(len, fields))
    for batch, before in zip(scan_batches(stamped), batches, strict=True):
        assert batch.partition_leader_epoch == epoch
        covered = slice(batch.start + 16, batch.end)  # from the magic on
        assert stamped[covered] == data[covered]
        assert batch.crc == before.crc


def test_a_header_tells_where_its_batch_is_and_what_it_holds() -> None:
    data = BATCH + encode_batch(THREE[:1], base_offset=3, producer_id=4, producer_epoch=5, base_sequence=6)
    first, second = produced_batches(data)
    assert (first.start, first.end, first.size_bytes, first.record_count) == (0, len(BATCH), len(BATCH), 3)
    assert (first.next_offset, first.base_timestamp_ms, first.max_timestamp_ms) == (3, TIME_MS, TIME_MS + 200)
    assert (second.start, second.end, second.base_offset, second.next_offset) == (len(BATCH), len(data), 3, 4)
    assert (second.producer_id, second.producer_epoch, second.base_sequence) == (4, 5, 6)
    assert (second.compression, second.is_control, second.is_stamped_by_broker) == ("none", False, False)


MESSAGE_SET = bytes.fromhex("0000000000000000 0000001b 2b5f9a1c 01 00 0000019ab6ee3000 ffffffff 00000005 68656c6c6f")
MAGIC, INVALID, CORRUPT = kafka.UnsupportedMagic, kafka.InvalidBatch, kafka.CorruptBatch
REFUSED = [
    (MESSAGE_SET, MAGIC, 87, "expected magic 2, a record batch, at byte 0, got"
     " magic 1; send record batches (Produce v3 or later, and a client that was told Metadata v4 or later)"),
    (BATCH + MESSAGE_SET, MAGIC, 87, "expected magic 2, a record batch, at byte"
     f" {len(BATCH)}, got magic 1; send record batches (Produce v3 or later, and a client that was told Metadata v4 or"
     " later)"),
    (None, INVALID, 87, "expected a record batch, got none; leave the partition out if"
     " there is nothing to append"),
    (BATCH[:-1], CORRUPT, 2, "expected the whole batch that starts at byte 0, got"
     f" {len(BATCH) - 1} bytes of it; send all of it"),
    (BATCH + BATCH[:16], CORRUPT, 2, "expected the whole batch that starts at byte"
     f" {len(BATCH)}, got 16 bytes of it; send all of it"),
    (BATCH[:8] + b"\0\0\0\x30" + BATCH[12:], CORRUPT, 2, "expected a batch of at least"
     " 49 bytes behind its length, at byte 0, got one of 48; send it again"),
    (BATCH[:8] + b"\xff\xff\xff\xff" + BATCH[12:], CORRUPT, 2, "expected a batch of at"
     " least 49 bytes behind its length, at byte 0, got one of -1; send it again"),
    (resealed(BATCH, 57, b"\0\0\0\4"), INVALID, 87, "expected as many records as offsets"
     " in the batch at byte 0, and at least one, got 4 records and 3 offsets; number the records 0, 1, 2, …"),
    (resealed(resealed(BATCH, 57, b"\0\0\0\0"), 23, b"\xff\xff\xff\xff"), INVALID, 87,
     "expected as many records as offsets in the batch at byte 0, and at least one, got 0 records and 0 offsets; number"
     " the records 0, 1, 2, …"),
    (resealed(BATCH, 21, b"\0\x20"), INVALID, 87, "expected a batch of records at byte 0,"
     " got a control batch; leave the end of transactions to the broker"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "error", "code", "said"), REFUSED)
def test_what_cannot_be_appended_is_refused(
    data: bytes | None, error: type[kafka.RecordsError], code: int, said: str
) -> None:
    """Trap T1: byte 23 of a message set is not its last offset delta."""
    with pytest.raises(error) as caught:
        produced_batches(data)
    assert (str(caught.value), caught.value.code) == (said, code)


def test_every_changed_bit_behind_the_checksum_is_noticed() -> None:
    for bit in range(CRC_END * 8, len(BATCH) * 8):
        changed = bytearray(BATCH)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(kafka.CorruptBatch):
            produced_batches(bytes(changed))


def test_compressed_batches_stay_closed_to_the_broker_and_are_refused_by_the_reader() -> None:
    for number, name in ((1, "gzip"), (2, "snappy"), (3, "lz4"), (4, "zstd"), (7, "unknown (7)")):
        data = resealed(BATCH, 21, struct.pack(">h", number))
        assert produced_batches(data)[0].compression == name
        with pytest.raises(kafka.Compressed) as caught:
            decode_records(data)
        assert str(caught.value) == (
            f"expected uncompressed records, got a batch compressed with {name};"
            " set the producer to no compression (compression.type=none): this codec has none"
        )


# What a client does.


def test_a_fetch_that_starts_and_ends_inside_a_batch_gives_the_records_asked_for() -> None:
    """Trap T7."""
    data = BATCH + encode_batch(THREE, base_offset=3)
    every = numbered(THREE + THREE)
    for size in range(len(data) + 1):
        whole = 3 * ((size >= len(BATCH)) + (size >= len(data)))
        for offset in (0, 1, 3, 5, 6):
            assert decode_records(data[:size], offset) == every[offset:whole]
    assert decode_records(None) == []


def test_times_that_the_broker_gave_are_the_same_for_all() -> None:
    assert {record.timestamp_ms for record in decode_records(resealed(BATCH, 21, b"\0\x08"))} == {TIME_MS + 200}
    assert decode_records(resealed(BATCH, 21, b"\0\x20")) == []  # a control batch


def test_records_that_contradict_their_batch_are_named_whatever_they_are() -> None:
    said = set()
    for at in range(HEADER_BYTES, len(BATCH)):
        for byte in (0, 1, 3, 0x7E, 0x7F, 0x80, 0xFF):
            try:
                decode_records(resealed(BATCH, at, bytes([byte])))
            except kafka.InvalidBatch as error:
                said.add(str(error))
    end = "got {} and something else; look for the fault in the producer: the checksum is right"
    expected = "expected 3 records to the end of the batch at byte 0, "
    assert said == {expected + end.format(count) for count in range(3)}
    for count in (2, 4):
        with pytest.raises(kafka.InvalidBatch):
            decode_records(resealed(BATCH, 57, struct.pack(">i", count)))


def test_a_record_that_does_not_end_where_it_says_is_refused_although_all_its_fields_are_there() -> None:
    right = BATCH[HEADER_BYTES]
    for length in set(range(0, 0x80, 2)) - {right}:
        with pytest.raises(kafka.InvalidBatch):
            decode_records(resealed(BATCH, HEADER_BYTES, bytes([length])))
    assert len(decode_records(resealed(BATCH, HEADER_BYTES, bytes([right])))) == 3


UNWRITABLE = [
    ([], {}, "expected at least one record, got none; send no batch"),
    ([Record("text")], {}, "expected bytes or None as key and value, and (str, bytes or None) as headers, in record 0,"
     " got Record(value='text', key=None, headers=(), timestamp_ms=-1, offset=-1); encode them, and count times in ms"
     " of 64 bits"),
    ([Record(b"")], {"base_offset": 1 << 63}, "expected numbers that fit into a batch's header, got base offset"
     " 9223372036854775808, leader epoch -1, times -1 to -1, producer (-1, -1, -1); see `batches` for their sizes"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "options", "said"), UNWRITABLE)
def test_what_cannot_be_written_is_named(made: list[Record], options: dict[str, int], said: str) -> None:
    with pytest.raises(kafka.KafkaError) as caught:
        encode_batch(made, **options)
    assert str(caught.value) == said


def test_the_magic_stands_where_older_formats_have_theirs() -> None:
    assert (BATCH[MAGIC_AT], MESSAGE_SET[MAGIC_AT]) == (2, 1)
