"""The course's log as topic `events`: each event a record, each record an event; and the lesson's own client."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing, nullcontext

import pytest
from google_crc32c import value as crc32c
from kafka_client import batch, connected, fetch, only, partition, produce, running

from patterns.purgatory import answer_bytes, event_bytes, fetch_bytes, follow, serve
from patterns.purgatory.events import EventsPartition, decode_events, encode_event
from patterns.purgatory.topics import in_memory
from patterns.wait.log import Event, Log
from patterns.wire.kafka import ErrorCode, Record, decode_records, encode_batch
from patterns.wire.listen import listen
from patterns.wire.tap import Direction, tap
from patterns.wire.tap.kafka import KAFKA

EVENTS = ("events", 0)


@pytest.mark.parametrize("time_s", [0.0, 1 / 3, 1e6, 1.7e9 + 1e-6, 1e300, -5.5, -math.inf])
@pytest.mark.parametrize("payload", [b"", b"\0", bytes(range(256)) * 300])
def test_an_event_comes_back_from_its_record_to_the_last_bit(time_s: float, payload: bytes) -> None:
    event = Event(41, time_s, payload)
    data = encode_event(event)
    assert decode_events(data, 0) == [event]
    assert len(data) == event_bytes(len(payload))


def test_a_record_of_somebody_else_is_an_event_at_its_own_time() -> None:
    data = encode_batch([Record(b"v", b"k", (("time_s", b"short"),), 1500), Record(None, timestamp_ms=2500)])
    assert decode_events(data, 0) == [Event(0, 1.5, b"v"), Event(1, 2.5, b"")]


async def test_what_a_client_produces_is_appended_to_the_log_record_by_record() -> None:
    log = Log()
    log.append(b"before", 2.5)
    async with running({}, log) as broker, connected(broker) as client:
        await asyncio.sleep(1)
        records = [Record(b"a", b"key", (("h", b"x"),), 7), Record(None, timestamp_ms=8), Record(b"c", timestamp_ms=9)]
        answer = only(await client.ask(produce({EVENTS: encode_batch(records)}, acks=-1)))
        assert (answer.error_code, answer.base_offset) == (0, 1)
        assert list(log) == [
            Event(0, 2.5, b"before"),
            Event(1, 2.5, b"a"),  # not before the last
            Event(2, 2.5, b""),
            Event(3, 2.5, b"c"),
        ]
        await asyncio.sleep(9)
        assert only(await client.ask(produce({EVENTS: batch(b"later")}))).base_offset == 4
        assert log[4] == Event(4, 10.0, b"later")
        part = only(await client.ask(fetch({EVENTS: 0})))
        assert decode_events(part.records, 0) == list(log)


async def test_what_the_log_is_told_is_there_for_clients_a_turn_later_several_in_one_answer() -> None:
    log = Log()
    async with running({}, log) as broker, connected(broker) as client:
        client.send(fetch({EVENTS: 0}, wait_ms=60_000))
        await asyncio.sleep(1)
        for number in range(3):
            log.append(b"%d" % number, 1.0)
        part = only(await client.answer())
        assert [record.value for record in decode_records(part.records)] == [b"0", b"1", b"2"]
        assert asyncio.get_running_loop().time() == 1


async def test_an_event_that_is_told_and_a_record_that_is_produced_in_one_turn_keep_their_order() -> None:
    log = Log()
    async with running({}, log) as broker, connected(broker) as client:
        broker.on_step = lambda what, reply: log.append(b"told", 0.0) if what == "taken" else None
        assert only(await client.ask(produce({EVENTS: batch(b"produced")}))).base_offset == 1
        assert [event.payload for event in log] == [b"told", b"produced"]
        await asyncio.sleep(0.001)
        assert partition(broker, topic="events").storage.next_offset == 2


async def test_compressed_records_are_refused_for_the_log_and_nothing_of_them_is_appended() -> None:
    log = Log()
    packed = bytearray(batch(b"x"))
    packed[22] |= 2  # snappy
    packed[17:21] = crc32c(bytes(packed[21:])).to_bytes(4, "big")
    async with running({"t": 1}, log) as broker, connected(broker) as client:
        part = only(await client.ask(produce({EVENTS: bytes(packed)})))
        assert (part.error_code, len(log)) == (ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, 0)
        assert part.error_message == (
            "expected uncompressed records, got a batch compressed with snappy; "
            "set the producer to no compression (compression.type=none): this codec has none"
        )
        assert only(await client.ask(produce(bytes(packed)))).error_code == 0  # elsewhere they stay closed


async def test_a_batch_that_is_sent_again_is_in_the_log_once() -> None:
    log = Log()
    sent = batch(b"x", producer_id=5, producer_epoch=0, base_sequence=0)
    async with running({}, log) as broker, connected(broker) as client:
        for _ in range(3):
            assert only(await client.ask(produce({EVENTS: sent}, acks=-1))).base_offset == 0
    assert len(log) == 1


async def test_a_watcher_that_fails_does_not_keep_an_event_from_the_others(expected_failures) -> None:
    log = Log()
    log.watch(lambda event: 1 / 0)
    async with running({}, log) as broker, connected(broker) as client:
        assert only(await client.ask(produce({EVENTS: batch(b"x")}))).error_code == 0
        assert decode_events(only(await client.ask(fetch({EVENTS: 0}))).records, 0) == list(log)
        assert [type(error) for error in expected_failures.take()] == [ExceptionGroup]


async def test_it_is_followed_with_the_sizes_that_were_reckoned() -> None:
    log = Log()
    async with (
        await serve(log) as broker,
        await tap(broker.address, framing=KAFKA) as path,
        aclosing(follow(path.address, wait_s=10)) as events,
    ):
        reading = asyncio.ensure_future(anext(events))
        await asyncio.sleep(15)
        log.append(b"x" * 300, 15.0)
        await reading
    sizes = [(seen.direction, seen.message.what.size_bytes) for seen in path.traffic.messages() if seen.message]
    assert sizes == [
        (Direction.TO_SERVER, fetch_bytes()),
        (Direction.TO_CLIENT, answer_bytes()),
        (Direction.TO_SERVER, fetch_bytes()),
        (Direction.TO_CLIENT, answer_bytes([300])),
    ]
    assert event_bytes(100) == 186


async def test_it_may_be_followed_by_more_than_an_event_at_a_time() -> None:
    log = Log()
    three = 3 * event_bytes(1)
    async with await serve(log) as broker, aclosing(follow(broker.address, wait_s=60, min_bytes=three)) as events:
        reading = asyncio.ensure_future(anext(events))
        for number in range(3):
            await asyncio.sleep(1)
            assert not reading.done()
            log.append(b"%d" % number, number + 1.0)
        assert (await reading).payload == b"0"
        assert asyncio.get_running_loop().time() == 3


async def test_who_follows_from_beyond_the_end_is_told_so() -> None:
    async with await serve(Log()) as broker:
        with pytest.raises(LookupError) as refused:
            await anext(follow(broker.address, 3))
    assert str(refused.value) == (
        "expected events from offset 3 on, got OFFSET_OUT_OF_RANGE; follow from 0, or from the end"
    )


@pytest.mark.parametrize("options", [{"wait_s": 0}, {"client_wait_s": -1}])
async def test_time_outs_of_nothing_are_refused(options) -> None:
    async with await serve(Log()) as broker:
        with pytest.raises(ValueError, match=r"^expected time-outs above 0 s, got "):
            await anext(follow(broker.address, **options))


async def test_who_gets_another_answer_than_it_asked_for_tries_another_connection() -> None:
    tries = 0

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tries
        asked = await reader.read(1000)
        tries += 1
        answer = {
            1: b"\0\0\0\x04" + asked[8:12],  # nothing behind the correlation id
            2: b"\0\0\0\x0c" + asked[8:12] + b"\0\0\0\0\0\0\0\0",  # no topic at all
            3: b"\0\0\0\x04\0\0\0\x63",  # to another question
        }[tries]
        writer.write(answer)

    async with await listen(nonsense) as server:
        with pytest.raises(Exception, match="expected a connection that brings event 0, got 3 in a row"):
            await anext(follow(server.address, breaks=2))
    assert tries == 3


async def test_a_broker_that_has_only_the_file_fills_the_log_from_it() -> None:
    """As after a restart, when the folder has what the log has not; and the other way round."""
    storage = in_memory()("events", 0)
    for number in range(2):
        storage.append(encode_event(Event(number, number / 2, b"%d" % number)), 1)
    log = Log()
    filled = EventsPartition(log, storage, nullcontext(), lambda _: None)
    assert list(log) == [Event(0, 0.0, b"0"), Event(1, 0.5, b"1")]
    filled.close()
    longer = Log()
    for event in (*log, Event(2, 1.0, b"2")):
        longer.append(event.payload, event.time_s)
    EventsPartition(longer, storage, nullcontext(), lambda _: None).close()
    assert decode_events(storage.read(0), 0) == list(longer)
