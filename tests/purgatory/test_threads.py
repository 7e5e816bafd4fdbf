"""Handlers and reapers as threads (behaviours 1, 59, 63, 93, 95): the same answers, on the real clock."""

from __future__ import annotations

import asyncio
import threading
from contextlib import AsyncExitStack
from typing import Any

import pytest
from kafka_client import Steps, batch, connected, fetch, only, partition, parts, produce, running

from patterns.purgatory import reaper, requests
from patterns.purgatory.replies import Reply
from patterns.purgatory.requests import RequestQueue
from patterns.wait.log import Log
from patterns.wire.kafka import ApiKey, ErrorCode, Request, decode_records
from patterns.wire.kafka.apis.discovery import MetadataRequest


@pytest.fixture(autouse=True)
def never_looks_up_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reaper that is not woken when it should be sleeps through the test."""
    monkeypatch.setattr(reaper, "LOOK_MS", 3_600_000)


pytestmark = [pytest.mark.real_clock, pytest.mark.limit_s(120)]

ONE = batch(b"one")
METADATA = MetadataRequest(topics=())


def names() -> set[str]:
    return {thread.name for thread in threading.enumerate() if "handler" in thread.name or "reaper" in thread.name}


async def test_there_are_as_many_as_was_said_and_when_it_stops_none_63_95() -> None:
    async with running(threads=True, handlers=3):
        assert names() == {"handler 0", "handler 1", "handler 2", "fetch reaper", "produce reaper", "group reaper"}
    assert not names()


async def test_a_fetch_is_parked_woken_and_timed_out() -> None:
    async with running(threads=True) as broker, connected(broker) as consumer, connected(broker) as producer:
        assert only(await consumer.ask(fetch(0, wait_ms=20))).records == b""
        steps = Steps(broker)
        consumer.send(fetch(0, wait_ms=60_000))
        await steps.reached("parked", 1)
        await producer.ask(produce(ONE, acks=-1))
        assert only(await consumer.answer()).high_watermark == 1


async def test_a_shorter_time_out_wakes_a_reaper_that_waits_for_a_longer_one_63() -> None:
    async with running(threads=True) as broker, connected(broker) as first, connected(broker) as second:
        steps = Steps(broker)
        first.send(fetch(0, wait_ms=3_600_000))
        await steps.reached("parked", 1)
        assert only(await second.ask(fetch(0, wait_ms=1))).records == b""


async def test_every_fetch_is_answered_once_and_every_record_has_its_own_offset_1_59() -> None:
    """Ten producers and ten consumers at once; each answer is held by its client against its one question."""
    producers, batches = 10, 30
    async with running({"t": 3}, threads=True, handlers=8, queue_size=4) as broker, AsyncExitStack() as stack:
        connect = [await stack.enter_async_context(connected(broker)) for _ in range(2 * producers)]

        async def produces(client: Any, number: int) -> list[int]:
            offsets = []
            for each in range(batches):
                answer = await client.ask(produce({("t", number % 3): batch(b"%d %d" % (number, each))}, acks=-1))
                assert only(answer).error_code == 0
                offsets.append(only(answer).base_offset)
            return offsets

        async def consumes(client: Any) -> list[set[bytes | None]]:
            offsets = [0, 0, 0]
            had: list[set[bytes | None]] = [set(), set(), set()]
            while sum(offsets) < producers * batches:
                asked = {("t", number): offset for number, offset in enumerate(offsets)}
                for part in parts(await client.ask(fetch(asked, wait_ms=30_000))):
                    records = decode_records(part.records, offsets[part.partition_index])
                    had[part.partition_index] |= {record.value for record in records}
                    offsets[part.partition_index] += len(records)
            return had

        consuming = [asyncio.create_task(consumes(client)) for client in connect[producers:]]
        offsets = await asyncio.gather(*(produces(client, n) for n, client in enumerate(connect[:producers])))
        told = range(batches)
        all_of_it = [{b"%d %d" % (n, each) for n in range(p, producers, 3) for each in told} for p in range(3)]
        for had in await asyncio.gather(*consuming):
            assert had == all_of_it
        for number in range(3):
            given = sorted(offset for n in range(number, producers, 3) for offset in offsets[n])
            assert given == list(range(len(given)))
        assert broker.fetches.purgatory.num_delayed == 0


async def test_what_is_produced_to_the_courses_log_is_appended_on_the_loop() -> None:
    log = Log()
    told: list[threading.Thread] = []
    log.watch(lambda event: told.append(threading.current_thread()))
    async with running({}, log, threads=True) as broker, connected(broker) as client:
        answers = [await client.ask(produce({("events", 0): batch(b"a", b"b")}, acks=-1)) for _ in range(3)]
        assert [only(answer).base_offset for answer in answers] == [0, 2, 4]
        answer = only(await client.ask(produce({("events", 0): ONE[:-1]})))
        assert answer.error_code == ErrorCode.CORRUPT_MESSAGE
    assert [event.payload for event in log] == [b"a", b"b"] * 3
    assert set(told) == {threading.main_thread()}


async def test_replicas_may_take_their_time() -> None:
    async with running(threads=True, replication_s=0.01) as broker, connected(broker) as client:
        part = only(await client.ask(produce(ONE, acks=-1, timeout_ms=60_000)))
        assert (part.error_code, partition(broker).high_watermark) == (0, 1)


async def test_a_handler_that_blocks_keeps_one_thread_and_the_others_go_on_93() -> None:
    gate = threading.Event()
    async with running(threads=True, handlers=2) as broker, connected(broker) as blocked, connected(broker) as other:
        handler = broker.apis[ApiKey.METADATA]

        def waits(*asked: Any) -> None:
            gate.wait()
            handler(*asked)

        broker.apis[ApiKey.METADATA] = waits
        blocked.send(METADATA)
        for _ in range(20):
            assert only(await other.ask(produce(ONE))).error_code == 0
        gate.set()
        await blocked.answer()


async def test_when_the_queue_is_full_nobody_is_lost_92() -> None:
    gate = threading.Event()
    async with running(threads=True, handlers=1, queue_size=1) as broker, AsyncExitStack() as stack:
        handler = broker.apis[ApiKey.METADATA]

        def waits(*asked: Any) -> None:
            gate.wait()
            handler(*asked)

        broker.apis[ApiKey.METADATA] = waits
        steps = Steps(broker)
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(20)]
        for client in clients:
            client.send(METADATA)
        await steps.reached("taken", 1)
        assert broker.network.asked <= 2  # one with the handler, one in the queue
        gate.set()
        for client in clients:
            await client.answer()


async def test_a_handler_that_fails_is_reported_and_its_thread_lives_on_95(expected_failures) -> None:
    error = RuntimeError("a fault of the handler")

    def broken(*_: object) -> None:
        raise error

    async with running(threads=True, handlers=1) as broker, connected(broker) as other:
        broker.apis[ApiKey.METADATA] = broken
        async with connected(broker) as client:
            client.send(METADATA)
            assert await client.is_hung_up()
        assert expected_failures.take() == [error]
        assert only(await other.ask(produce(ONE))).error_code == 0


async def test_a_handler_that_awaits_is_refused_in_a_thread(expected_failures) -> None:
    async def awaits(*_: object) -> None: ...

    async with running(threads=True, handlers=1) as broker, connected(broker) as client:
        broker.apis[ApiKey.METADATA] = awaits
        client.send(METADATA)
        assert await client.is_hung_up()
    (error,) = expected_failures.take()
    assert str(error) == (
        "expected a handler that answers without await, got "
        "test_a_handler_that_awaits_is_refused_in_a_thread.<locals>.awaits; "
        "in a thread it may block, or leave out threads=True"
    )


async def test_a_thread_that_blocks_is_reported_and_does_not_keep_the_broker(
    expected_failures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "STOP_LIMIT_S", 0.0)
    gate = threading.Event()
    async with running(threads=True, handlers=1) as broker, connected(broker) as client:
        broker.apis[ApiKey.METADATA] = lambda *_: gate.wait()
        steps = Steps(broker)
        client.send(METADATA)
        await steps.reached("taken", 1)
        await broker.stop()
        (error,) = expected_failures.take()
        assert str(error) == (
            "expected a handler that ends, got one that was told to stop 0 s ago and goes on; "
            "let it answer later, or wait for less"
        )
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "handler 0":
            thread.join()


async def test_it_stops_with_fetches_parked_64() -> None:
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(running(threads=True))
        steps = Steps(broker)
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(20)]
        for client in clients:
            client.send(fetch(0, wait_ms=60_000))
        await steps.reached("parked", 20)
        await broker.stop()
        for client in clients:
            assert await client.is_hung_up()
        assert broker.fetches.purgatory.num_delayed == 20


async def test_who_finds_the_queue_full_and_stalls_when_a_thread_has_just_emptied_it_is_let_in_92() -> None:
    queue = RequestQueue(1)
    asked: list[str] = []
    async with running() as broker, connected(broker) as client:
        await client.ask(METADATA)
        (connection,) = broker.network.connections
        request = Request(ApiKey.METADATA, 8, 0, None, METADATA, 0)
        queue.put(request, Reply(connection, request, 1))
        assert queue.is_full
        queue.take()  # nobody is stalled yet, so nobody is told
        queue.wait(lambda: asked.append("let in"))
        assert (asked, len(queue.stalled)) == (["let in"], 0)
