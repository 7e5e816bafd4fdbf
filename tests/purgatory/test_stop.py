"""The end (behaviours 63–66), and the reaper's time (34, 41, 45, 62)."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, nullcontext, suppress
from typing import Any

import pytest
from kafka_client import Client, batch, connected, fetch, only, produce, running

from patterns.purgatory import serve
from patterns.purgatory.connection import Network
from patterns.purgatory.events import EventsPartition
from patterns.purgatory.fetches import DelayedFetch
from patterns.purgatory.reaper import Clock, TimerReaper
from patterns.purgatory.requests import TaskHandlers
from patterns.wait.delayed_operation import Purgatory
from patterns.wait.log import Log
from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import ErrorCode

ONE = batch(b"one")


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def test_what_is_parked_is_neither_completed_nor_expired_and_its_client_is_hung_up_on_64() -> None:
    steps: list[str] = []
    log = Log()
    broker = await serve(log, on_step=lambda what, reply: steps.append(what))
    client = Client(*await asyncio.open_connection(*broker.address))
    client.send(fetch({("events", 0): 0}, wait_ms=5000))
    await asyncio.sleep(1)
    await broker.stop()
    assert await client.is_hung_up()
    await asyncio.sleep(10)
    log.append(b"after the end", 11.0)
    await asyncio.sleep(10)
    assert (steps, log.watchers) == (["read", "queued", "taken", "parked"], 0)
    assert broker.fetches.purgatory.num_delayed == 1
    await broker.stop()  # once more is allowed
    client.close()


async def test_what_was_appended_last_is_in_the_partition_when_it_stops() -> None:
    log = Log()
    events = EventsPartition(log, PartitionLog(), nullcontext(), lambda _: None)
    log.append(b"last", 1.0)
    events.close()
    assert (events.storage.next_offset, log.watchers) == (1, 0)


async def test_handlers_end_first_then_connections_then_the_purgatories_66(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    for kind in (TaskHandlers, Network, TimerReaper):
        original = kind.stop

        async def stop(self: object, original=original, name=kind.__name__) -> None:
            ended.append(name)
            await original(self)

        monkeypatch.setattr(kind, "stop", stop)
    async with running():
        pass
    assert ended == ["TaskHandlers", "Network", "TimerReaper", "TimerReaper", "TimerReaper"]


async def test_it_stops_with_requests_in_the_queue_and_with_handlers_that_wait() -> None:
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(running(handlers=1, queue_size=2))
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(10)]

        async def never(*_: object) -> None:
            await asyncio.Event().wait()

        broker.apis[0] = never
        for client in clients:
            client.send(produce(ONE))
        await asyncio.sleep(1)
        await broker.stop()
        for client in clients:
            assert await client.is_hung_up()


async def test_a_handler_that_will_not_end_is_reported_and_does_not_keep_the_broker(expected_failures) -> None:
    gate = asyncio.Event()

    async def stubborn(*_: object) -> None:
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await gate.wait()

    broker = await serve(Log(), handlers=1)
    broker.apis[0] = stubborn
    client = Client(*await asyncio.open_connection(*broker.address))
    client.send(produce(ONE))
    await asyncio.sleep(1)
    await broker.stop()
    assert now_s() == 6
    assert [str(error) for error in expected_failures.take()] == [
        "expected a handler that ends, got one that was cancelled 5 s ago and goes on; "
        "let it answer later, or wait for less"
    ]
    gate.set()  # now it does
    assert await client.is_hung_up()
    client.close()


async def test_a_handler_that_was_cancelled_and_went_on_takes_no_more() -> None:
    async def swallows(*_: object) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    broker = await serve(Log(), handlers=1)
    broker.apis[0] = swallows
    client = Client(*await asyncio.open_connection(*broker.address))
    client.send(produce(ONE))
    await asyncio.sleep(1)
    await broker.stop()
    assert now_s() == 1
    client.close()


async def test_it_stops_while_clients_connect() -> None:
    broker = await serve(Log())
    connecting = [asyncio.create_task(asyncio.open_connection(*broker.address)) for _ in range(50)]
    await asyncio.sleep(0)
    await broker.stop()
    for outcome in await asyncio.gather(*connecting, return_exceptions=True):
        if isinstance(outcome, tuple):
            client = Client(*outcome)
            assert await client.is_hung_up()
            client.close()
        else:
            assert isinstance(outcome, OSError)


async def test_an_interrupted_stop_ends_everything_all_the_same() -> None:
    broker = await serve(Log())
    client = Client(*await asyncio.open_connection(*broker.address))
    client.send(fetch({("events", 0): 0}, wait_ms=5000))
    await asyncio.sleep(1)
    stopping = asyncio.create_task(broker.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.wait([stopping])
    assert await client.is_hung_up()
    assert not broker.network.connections
    client.close()


async def test_a_client_follows_two_brokers_one_after_the_other_at_the_same_address() -> None:
    log = Log()
    broker = await serve(log)
    await broker.stop()
    async with await serve(log, port=broker.address.port) as again:
        assert again.address == broker.address


async def test_dead_entries_on_a_quiet_key_are_swept_before_there_are_many_more_than_the_interval_34() -> None:
    async with running({"t": 1, "quiet": 1}) as broker, connected(broker) as consumer, connected(broker) as producer:
        purgatory = broker.fetches.purgatory
        purgatory.purge_interval = 20
        most = 0
        for number in range(100):
            consumer.send(fetch({("t", 0): number, ("quiet", 0): 0}, wait_ms=600_000))
            await asyncio.sleep(0.001)
            await producer.ask(produce(ONE))
            await consumer.answer()
            most = max(most, purgatory.watched)
        assert 20 < most <= 22


async def test_what_is_due_at_once_is_expired_by_the_reaper_not_by_whoever_parked_it_41() -> None:
    steps: list[str] = []
    async with running(replication_s=None) as broker, connected(broker) as client:
        broker.on_step = lambda what, reply: steps.append(what)
        part = only(await client.ask(produce(ONE, acks=-1, timeout_ms=0)))
        assert (now_s(), part.error_code) == (0, ErrorCode.REQUEST_TIMED_OUT)
        assert steps == ["read", "queued", "taken", "parked", "completed", "answered", "expired", "sent"]


async def test_all_that_is_due_expires_in_one_turn_45() -> None:
    expired: list[tuple[float, int]] = []
    async with running() as broker, AsyncExitStack() as stack:
        broker.on_step = lambda what, reply: expired.append((now_s(), reply.number)) if what == "expired" else None
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(30)]
        for number, client in enumerate(clients):
            client.send(fetch(0, wait_ms=1000 if number % 3 else 2000))
        for client in clients:
            await client.answer()
        assert [time_s for time_s, _ in expired] == [1.0] * 20 + [2.0] * 10


async def test_with_nothing_parked_the_reaper_sets_no_timer() -> None:
    async with running() as broker, connected(broker) as client:
        await client.ask(fetch(0, wait_ms=100))
        await asyncio.sleep(1)
        assert [reaper._timer for reaper in broker._reapers] == [None] * 3  # type: ignore[attr-defined]  # of TimerReaper


async def test_an_operation_that_fails_when_it_expires_is_reported_and_the_others_expire(expected_failures) -> None:
    error = RuntimeError("in on_expiration")

    def fails(self: object) -> None:
        raise error

    async with running() as broker, connected(broker) as first, connected(broker) as second:
        first.send(fetch(0, wait_ms=1000))
        await asyncio.sleep(0.1)
        (operations,) = broker.fetches.purgatory.parked.values()
        type(operations[0]).on_expiration, before = fails, type(operations[0]).on_expiration
        try:
            second.send(fetch(0, wait_ms=900))
            await first.answer()
            await second.answer()
        finally:
            type(operations[0]).on_expiration = before
        assert (now_s(), expected_failures.take()) == (1.0, [error, error])


async def test_the_clock_is_the_loops_and_never_the_time_of_day_62(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1 / 0)
    clock = Clock(asyncio.get_running_loop())
    assert clock() == 0
    await asyncio.sleep(1.2346)
    assert clock() == 1235  # the nearest millisecond
    async with running() as broker, connected(broker) as client:
        await client.ask(fetch(0, wait_ms=500))
        assert now_s() == 1.735


async def test_an_earlier_time_out_that_is_parked_later_moves_the_reapers_timer() -> None:
    async with running() as broker, connected(broker) as first, connected(broker) as second:
        first.send(fetch(0, wait_ms=30_000))
        await asyncio.sleep(1)
        before = living_timers()
        second.send(fetch(0, wait_ms=100))
        await asyncio.sleep(0.05)
        assert living_timers() == before
        await second.answer()
        assert now_s() == 1.1
        await first.answer()
        assert now_s() == 30.0


def living_timers() -> int:
    loop: Any = asyncio.get_running_loop()
    return sum(not timer.cancelled() for timer in loop._scheduled)


async def test_a_reaper_that_was_stopped_sets_no_timer_64() -> None:
    purgatory = Purgatory(0)
    reaper = TimerReaper(purgatory, Clock(asyncio.get_running_loop()), lambda *_: None)
    await reaper.stop()
    async with running() as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=1000))
        await asyncio.sleep(0.5)
        (operations,) = broker.fetches.purgatory.parked.values()
        before = living_timers()
        waiting: Any = operations[0]
        purgatory.try_complete_else_watch(DelayedFetch(waiting.question, waiting.reply), ["key"], 0)
        reaper.parked()
        assert living_timers() == before
