"""Kafka's codec against its peers: the same bytes, in processor time.

Each side reads to its own objects and writes from them, made beforehand; every byte that is written here is the same
on both sides, which `tests/wire/test_kafka_oracles.py` holds. Whole frames, header included: kafka-python and ours
have a way for that; for kio the header is read and written with its own reader and writer, as its users do.
kio reads in native code and writes in Python; kafka-python compiles its tables to Python, as we do.
"""

from __future__ import annotations

import datetime
import io
import struct
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from kio.records.readers import read_batch
from kio.records.schema import NewRecordBatch, RecordHeader
from kio.records.schema import Record as KioRecord
from kio.records.writers import write_new_batch
from kio.schema.errors import ErrorCode as KioErrorCode
from kio.schema.fetch.v11 import request as kio_fetch_request
from kio.schema.fetch.v11 import response as kio_fetch_response
from kio.schema.produce.v7 import request as kio_produce_request
from kio.schema.request_header.v1.header import RequestHeader
from kio.schema.response_header.v0.header import ResponseHeader
from kio.serial import entity_reader, entity_writer

from bench.side_by_side import Row, in_turn
from patterns.wire.kafka import (
    Record,
    RequestReader,
    decode_records,
    encode_batch,
    encode_request,
    encode_response,
)
from patterns.wire.kafka.apis import fetch, produce

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it reads its tables with importlib.resources.read_text
    import kafka.protocol.consumer as theirs_fetch
    import kafka.protocol.producer as theirs_produce
    from kafka.protocol.api_header import RequestHeader as TheirHeader
    from kafka.record import MemoryRecords, MemoryRecordsBuilder

Work = Callable[[], object]

TIME_MS = 1_764_000_000_000
SMALL = encode_batch([Record(b"x" * 100, timestamp_ms=TIME_MS)])  # 170 bytes, as in a fetch of one small event
HUNDRED = [Record(b"x" * 100, b"key", (("trace", b"0123"),), TIME_MS + number) for number in range(100)]
ROUNDS = 7


def fetch_question(partitions: int) -> bytes:
    parts = tuple(
        fetch.FetchPartition(partition=number, fetch_offset=17, partition_max_bytes=1 << 20)
        for number in range(partitions)
    )
    topic = fetch.FetchTopic(topic="events", partitions=parts)
    return encode_request(fetch.FetchRequest(max_wait_ms=500, min_bytes=1, topics=(topic,)), 11, 7, "bench")


def produce_question() -> bytes:
    part = produce.PartitionProduceData(index=0, records=SMALL)
    topic = produce.TopicProduceData(name="events", partition_data=(part,))
    return encode_request(produce.ProduceRequest(acks=1, timeout_ms=1000, topic_data=(topic,)), 7, 7, "bench")


def read_by_us(frame: bytes) -> Work:
    reader = RequestReader()
    return lambda: reader.feed(frame)


def read_by_hand(frame: bytes) -> Work:
    """The bound: one version, no limits, no names for errors, plain tuples, and all bytes there."""
    head = struct.Struct(">ihhih").unpack_from
    fixed = struct.Struct(">iiiibiii").unpack_from
    short, number = struct.Struct(">h").unpack_from, struct.Struct(">i").unpack_from
    row = struct.Struct(">iiqqi").unpack_from

    def read() -> object:
        _, key, version, correlation_id, size = head(frame, 0)
        client_id = frame[14 : 14 + size].decode()
        at = 14 + size
        values = fixed(frame, at)
        at += 29
        topics = []
        for _ in range(values[-1]):
            (size,) = short(frame, at)
            name = frame[at + 2 : at + 2 + size].decode()
            at += 2 + size
            (count,) = number(frame, at)
            at += 4
            parts = []
            for _ in range(count):
                parts.append(row(frame, at))
                at += 28
            topics.append((name, parts))
        assert number(frame, at) == (0,)  # nothing forgotten
        (size,) = short(frame, at + 4)
        rack = frame[at + 6 : at + 6 + size].decode()
        return key, version, correlation_id, client_id, values, topics, rack

    return read


def write_by_hand(partitions: int) -> Work:
    """The bound: one version, plain tuples, and what is null or empty known beforehand."""
    topics = [("events", [(number, 0, 18, -1, -1, -1, SMALL) for number in range(partitions)])]
    head, number = struct.Struct(">ihii").pack, struct.Struct(">i").pack
    part_head = struct.Struct(">ihqqqiii").pack

    def write() -> bytes:
        parts = [head(0, 0, 0, len(topics))]
        for name, data in topics:
            encoded = name.encode()
            parts += (len(encoded).to_bytes(2, "big"), encoded, number(len(data)))
            for index, code, high, stable, start, replica, records in data:
                parts.append(part_head(index, code, high, stable, start, -1, replica, len(records)))
                parts.append(records)
        body = b"".join(parts)
        return number(len(body) + 4) + number(7) + body

    return write


def read_by_kio(frame: bytes, message: type[Any]) -> Work:
    header, body = entity_reader(RequestHeader), entity_reader(message)

    def read() -> object:
        head, size = header(frame, 4)
        return head, body(frame, 4 + size)

    return read


def read_by_kafka_python(frame: bytes, message: Any, version: int) -> Work:
    def read() -> object:
        buffer = io.BytesIO(frame[4:])
        head = TheirHeader.decode(buffer)
        return head, message.decode(memoryview(frame)[4 + buffer.tell() :], version=version)

    return read


def fetch_answers(partitions: int) -> tuple[Work, Work, Work]:
    """Ours, kio's, kafka-python's."""
    numbers = range(partitions)
    data = tuple(fetch.PartitionData(partition_index=number, high_watermark=18, records=SMALL) for number in numbers)
    ours = fetch.FetchResponse(responses=(fetch.FetchableTopicResponse(topic="events", partitions=data),))

    none = KioErrorCode.none
    kio_data = tuple(
        kio_fetch_response.PartitionData(
            partition_index=number, error_code=none, high_watermark=18, aborted_transactions=None, records=SMALL
        )
        for number in numbers
    )
    kio = kio_fetch_response.FetchResponse(
        throttle_time=datetime.timedelta(0),
        error_code=none,
        responses=(kio_fetch_response.FetchableTopicResponse(topic="events", partitions=kio_data),),
    )
    header, body = entity_writer(ResponseHeader), entity_writer(kio_fetch_response.FetchResponse)

    def by_kio() -> bytes:
        buffer = io.BytesIO()
        buffer.write(b"0000")
        header(buffer, ResponseHeader(correlation_id=7))
        body(buffer, kio)
        buffer.seek(0)
        buffer.write(struct.pack(">i", buffer.getbuffer().nbytes - 4))
        return buffer.getvalue()

    response = theirs_fetch.FetchResponse
    topic = response._struct.fields["responses"].data_class
    part = topic._struct.fields["partitions"].data_class
    parts = [
        part(version=11, partition_index=number, high_watermark=18, aborted_transactions=None, records=SMALL)
        for number in numbers
    ]
    other = response(version=11, responses=[topic(version=11, topic="events", partitions=parts)])

    def by_kafka_python() -> bytes:
        other.with_header(correlation_id=7)
        return bytes(other.encode(header=True, framed=True))

    assert encode_response(ours, 11, 7) == by_kio() == by_kafka_python()
    return lambda: encode_response(ours, 11, 7), by_kio, by_kafka_python


def in_a_row(first: Work, then: Work) -> Work:
    """Both."""
    return lambda: (first(), then())


def batches_by_kio() -> tuple[Work, Work]:
    """100 records written, and read."""
    records = tuple(
        KioRecord(
            attributes=0,
            timestamp=datetime.datetime.fromtimestamp(record.timestamp_ms / 1000, datetime.UTC),
            offset=number,
            key=record.key,
            value=record.value,
            headers=tuple(RecordHeader(key=name.encode(), value=value) for name, value in record.headers),
        )
        for number, record in enumerate(HUNDRED)
    )
    batch = NewRecordBatch(producer_id=-1, producer_epoch=-1, base_sequence=-1, attributes=0, records=records)
    written = encode_batch(HUNDRED)

    def write() -> bytes:
        buffer = io.BytesIO()
        write_new_batch(buffer, batch)
        return buffer.getvalue()

    return write, lambda: read_batch(written, 0)


def batches_by_kafka_python() -> tuple[Work, Work]:
    """100 records written, and read."""
    written = encode_batch(HUNDRED)

    def write() -> bytes:
        builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=1 << 20)
        for record in HUNDRED:
            builder.append(record.timestamp_ms, record.key, record.value, headers=list(record.headers))
        builder.close()
        return bytes(builder.buffer())

    def read() -> object:
        read, found = MemoryRecords(written), []
        while read.has_next():
            found += list(read.next_batch())
        return found

    return write, read


def each_us(work: Work, times: int) -> Callable[[], float]:
    """Processor time of one call in µs, over so many."""

    def measure() -> float:
        started_s = time.process_time()
        for _ in range(times):
            work()
        return (time.process_time() - started_s) / times * 1e6

    return measure


def pairs() -> Iterator[tuple[str, Work, str, Work, int]]:
    """What is done, our work, who the peer is, its work, how often a round."""
    kio, python = "kio", "kafka-python"
    for partitions in (1, 10):
        count = f"{partitions} partition" + "s" * (partitions > 1)
        question = fetch_question(partitions)
        ours, what = read_by_us(question), f"Kafka: a Fetch v11 of {count}, read"
        yield what, ours, kio, read_by_kio(question, kio_fetch_request.FetchRequest), 4000
        yield what, ours, python, read_by_kafka_python(question, theirs_fetch.FetchRequest, 11), 2000
        yield what, ours, "by hand, to tuples", read_by_hand(question), 4000
        ours, by_kio, by_kafka_python = fetch_answers(partitions)
        what = f"Kafka: its response with 1 batch each, {count}, written"
        yield what, ours, kio, by_kio, 1000
        yield what, ours, python, by_kafka_python, 1000
        by_hand = write_by_hand(partitions)
        assert by_hand() == ours()
        yield what, ours, "by hand, from tuples", by_hand, 2000
        ask = read_by_us(question), read_by_kio(question, kio_fetch_request.FetchRequest)
        what = f"Kafka: both of these, {count}"
        yield what, in_a_row(ask[0], ours), kio, in_a_row(ask[1], by_kio), 1000
    question = produce_question()
    ours, what = read_by_us(question), "Kafka: a Produce v7 of 1 batch, read"
    yield what, ours, kio, read_by_kio(question, kio_produce_request.ProduceRequest), 4000
    yield what, ours, python, read_by_kafka_python(question, theirs_produce.ProduceRequest, 7), 2000
    for peer, (write, read) in ((kio, batches_by_kio()), (python, batches_by_kafka_python())):
        written = encode_batch(HUNDRED)
        yield "Kafka: a batch of 100 records, written", lambda: encode_batch(HUNDRED), peer, write, 60
        yield "Kafka: a batch of 100 records, read", lambda data=written: decode_records(data), peer, read, 60


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Twenty pairs, about ten seconds with full effort."""
    for what, ours, peer_is, peer, times in pairs():
        count = max(1, int(times * effort))
        taken = in_turn(each_us(ours, count), each_us(peer, count), rounds=ROUNDS if effort > 0.1 else 1)
        yield Row(what, "wire.kafka", peer_is, "µs", **taken)
