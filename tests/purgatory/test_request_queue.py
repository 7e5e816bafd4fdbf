"""From the network to a handler and back (behaviours 92–96): back-pressure, order, faults of handlers, slices."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from kafka_client import batch, connected, fetch, only, partition, produce, running

from patterns.purgatory import Broker
from patterns.purgatory.replies import SLICE_ANSWERS
from patterns.purgatory.requests import RequestQueue
from patterns.wire.kafka import ApiKey, encode_request, produced_batches
from patterns.wire.kafka.apis.discovery import ApiVersionsRequest, MetadataRequest

ONE = batch(b"one")
METADATA = MetadataRequest(topics=())


def now_s() -> float:
    return asyncio.get_running_loop().time()


class Gate:
    """In place of Metadata's handler: one that waits until the gate is opened."""

    def __init__(self, broker: Broker) -> None:
        self._handler = broker.apis[ApiKey.METADATA]
        self._open = asyncio.Event()
        broker.apis[ApiKey.METADATA] = self.handle

    async def handle(self, *asked: Any) -> None:
        await self._open.wait()
        self._handler(*asked)

    def open(self) -> None:
        self._open.set()


async def test_when_the_queue_is_full_connections_are_not_read_and_nobody_is_lost_92() -> None:
    async with running(handlers=1, queue_size=2) as broker, AsyncExitStack() as stack:
        gate = Gate(broker)
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(10)]
        for client in clients:
            for _ in range(3):
                client.send(METADATA)
        await asyncio.sleep(1)
        assert (len(broker.requests), len(broker.requests.stalled)) == (2, 7)
        assert broker.network.asked == 3  # one with the handler, two in the queue; of the others nothing is decoded
        assert sum(connection._is_paused for connection in broker.network.connections) == 10
        gate.open()
        for client in clients:
            for _ in range(3):
                await client.answer()
        assert (len(broker.requests), len(broker.requests.stalled)) == (0, 0)


def test_there_is_no_room_as_long_as_others_wait_for_it_92() -> None:
    queue = RequestQueue(2)
    assert queue.has_room
    queue.stalled.append(lambda: None)
    assert not queue.has_room


async def test_while_it_is_full_even_who_comes_later_does_not_pass_92() -> None:
    read: list[int] = []
    async with running(handlers=1, queue_size=1) as broker, AsyncExitStack() as stack:
        gate = Gate(broker)
        broker.on_step = lambda what, reply: read.append(reply.connection.number) if what == "read" else None
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(6)]
        for client in clients:
            client.send(METADATA)
            await asyncio.sleep(0.01)
        gate.open()
        for client in clients:
            await client.answer()
        assert read == [1, 2, 3, 4, 5, 6]


async def test_parked_fetches_take_no_place_in_the_queue_and_keep_no_handler_92_93() -> None:
    async with running(handlers=1, queue_size=1) as broker, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(100)]
        for client in clients:
            client.send(fetch(0, wait_ms=60_000))
        await asyncio.sleep(1)
        assert (broker.fetches.purgatory.num_delayed, len(broker.requests)) == (100, 0)
        assert broker.handlers.at_work == [None]
        async with connected(broker) as other:
            await other.ask(produce(ONE))
        for client in clients:
            await client.answer()
        assert now_s() == 1


async def test_one_handler_that_waits_holds_up_everybody_and_of_eight_only_one_93() -> None:
    for handlers, is_held_up in ((1, True), (8, False)):
        async with running(handlers=handlers) as broker, connected(broker) as waiting, connected(broker) as other:
            gate = Gate(broker)
            waiting.send(METADATA)
            await asyncio.sleep(1)
            asking = asyncio.create_task(other.ask(produce(ONE)))
            await asyncio.sleep(1)
            assert asking.done() is not is_held_up
            assert [asked.request.api_key for asked in broker.handlers.at_work if asked] == [ApiKey.METADATA]
            gate.open()
            await asking
            await waiting.answer()


async def test_a_handler_that_fails_is_reported_its_connection_closed_and_it_works_on_95(expected_failures) -> None:
    error = RuntimeError("a fault of the handler")

    def broken(*_: object) -> None:
        raise error

    async with running(handlers=1) as broker, connected(broker) as other:
        handler = broker.apis[ApiKey.METADATA]
        broker.apis[ApiKey.METADATA] = broken
        async with connected(broker) as client:
            client.send(METADATA)
            assert await client.is_hung_up()
        assert expected_failures.take() == [error]
        broker.apis[ApiKey.METADATA] = handler
        await other.ask(METADATA)
        assert broker.handlers.at_work == [None]


async def test_an_async_handler_that_fails_is_reported_too_95(expected_failures) -> None:
    error = RuntimeError("after a while")

    async def broken(*_: object) -> None:
        await asyncio.sleep(1)
        raise error

    async with running(handlers=1) as broker, connected(broker) as client:
        broker.apis[ApiKey.METADATA] = broken
        client.send(METADATA)
        assert await client.is_hung_up()
        assert (expected_failures.take(), now_s()) == ([error], 1)


async def test_an_answer_that_cannot_be_encoded_is_reported_and_closes_its_connection(expected_failures) -> None:
    async with running() as broker, connected(broker) as client, connected(broker) as other:
        handler = broker.apis[ApiKey.METADATA]
        broker.apis[ApiKey.METADATA] = lambda request, answer, now_ms: answer(ApiVersionsRequest())
        client.send(METADATA)
        assert await client.is_hung_up()
        assert [type(error).__name__ for error in expected_failures.take()] == ["UnsupportedVersion"]
        broker.apis[ApiKey.METADATA] = handler
        await other.ask(METADATA)


async def test_who_answers_twice_is_heard_once() -> None:
    async with running() as broker, connected(broker) as client:
        handler = broker.apis[ApiKey.METADATA]

        def twice(*asked: Any) -> None:
            handler(*asked)
            handler(*asked)

        broker.apis[ApiKey.METADATA] = twice
        client.send(METADATA)
        client.send(produce(ONE))
        assert (await client.answer()).brokers
        assert only(await client.answer()).base_offset == 0
        await asyncio.sleep(1)
        assert client.responses.pending_bytes == 0


async def test_who_watches_and_fails_disturbs_nobody(expected_failures) -> None:
    def fails(what: str, *_: object) -> None:
        if what == "taken":
            raise KeyError(what)

    async with running(on_step=fails) as broker, connected(broker) as client:
        assert broker.on_step is fails
        await client.ask(METADATA)
        assert [repr(error) for error in expected_failures.take()] == ["KeyError('taken')"]
        broker.on_step = None
        await client.ask(METADATA)


async def test_many_answers_are_sent_in_slices_and_others_have_the_loop_in_between_96() -> None:
    sent_in_turn: list[int] = []
    async with running() as broker, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(broker)) for _ in range(2 * SLICE_ANSWERS + 10)]
        for client in clients:
            client.send(fetch(0, wait_ms=60_000))
        await asyncio.sleep(1)
        turn = 0

        def next_turn() -> None:
            nonlocal turn
            turn += 1
            if turn < 100:
                asyncio.get_running_loop().call_soon(next_turn)

        broker.on_step = lambda what, reply: sent_in_turn.append(turn) if what == "sent" else None
        next_turn()
        partition(broker).replicated(partition(broker).append(ONE, *produced_batches(ONE)) + 1)
        broker.fetches.appended(partition(broker))
        assert (len(sent_in_turn), len(broker.responses)) == (0, len(clients))  # queued, and nothing more
        for client in clients:
            await client.answer()
        counts = [sent_in_turn.count(number) for number in dict.fromkeys(sent_in_turn)]
        assert counts == [SLICE_ANSWERS, SLICE_ANSWERS, 10]


async def test_an_answer_for_a_connection_that_has_gone_is_dropped_96() -> None:
    steps: list[str] = []
    async with running(on_step=lambda what, reply: steps.append(what)) as broker:
        gate = Gate(broker)
        async with connected(broker) as client:
            client.send(METADATA)
            await asyncio.sleep(1)
        await asyncio.sleep(1)
        gate.open()
        await asyncio.sleep(1)
        assert steps == ["read", "queued", "taken", "answered", "dropped"]


async def test_what_one_client_sends_in_advance_lets_anothers_request_through_after_a_few_turns() -> None:
    taken: list[int] = []
    async with running() as broker, connected(broker) as greedy, connected(broker) as polite:
        broker.on_step = lambda what, reply: what == "taken" and taken.append(reply.connection.number)
        greedy.writer.write(b"".join(encode_request(METADATA, 8, number) for number in range(1000)))
        polite.send(METADATA)
        await polite.answer()
        assert taken.index(2) <= 10
        for number in range(1000):
            greedy.responses.expect(ApiKey.METADATA, 8, number)
        for _ in range(1000):
            await greedy.answer()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"handlers": 0}, "expected handlers ≥ 1, got 0"),
        ({"queue_size": 0}, "expected queue_size ≥ 1, got 0"),
        ({"retention_bytes": -1}, "expected retention_bytes ≥ 0, or None to keep everything, got -1"),
    ],
)
async def test_a_broker_that_could_handle_or_keep_nothing_is_not_started(options: dict[str, int], text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # compared whole below
        async with running(**options):
            pass
    assert str(refused.value) == text
