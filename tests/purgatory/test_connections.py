"""The network's side (behaviours 86–98): muting, order, back-pressure, who is closed and who is not."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import AsyncExitStack
from typing import Any

import pytest
from kafka_client import Client, batch, connected, fetch, only, partition, produce, running

from patterns.purgatory import Broker
from patterns.purgatory.replies import SLICE_ANSWERS, Reply
from patterns.purgatory.requests import RequestQueue
from patterns.wire.kafka import ALL, ApiKey, ErrorCode, encode_request, produced_batches
from patterns.wire.kafka.apis.discovery import ApiVersionsRequest, MetadataRequest
from patterns.wire.listen import Address

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


async def test_of_a_connection_one_request_is_inside_and_answers_keep_its_order_88() -> None:
    inside: list[int] = []
    async with running() as broker:
        broker.on_step = lambda what, reply: inside.append({"read": 1, "sent": -1}.get(what, 0))
        async with connected(broker) as client:
            for number in range(200):
                client.send(produce(ONE) if number % 3 else METADATA)
            answers = [await client.answer() for _ in range(200)]  # which the client holds against what it asked
            assert [only(answer).base_offset for answer in answers if hasattr(answer, "responses")] == list(range(133))
    running_sum = 0
    for step in inside:
        running_sum += step
        assert running_sum in {0, 1}


async def test_a_connection_is_muted_from_its_request_until_the_answer_is_sent_88_90() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=2000))
        await asyncio.sleep(1)
        (connection,) = broker.network.connections
        assert connection.is_muted
        assert repr(connection) == "<Connection 1, muted>"
        await client.answer()
        assert not connection.is_muted


async def test_it_stays_muted_while_the_client_does_not_take_the_answer_90() -> None:
    async with running() as broker:
        big = batch(b"x" * (8 << 20))
        async with connected(broker) as producer:
            await producer.ask(produce(big))
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(slow, broker.address)
            asked = encode_request(fetch(0, max_bytes=16 << 20, partition_max_bytes=16 << 20), 11, 7)
            slow.send(asked + asked)
            await asyncio.sleep(1)
            (connection,) = broker.network.connections
            assert connection.is_muted
            assert broker.network.asked == 2  # the produce, and the first fetch
            left = 2 * (4 + struct.unpack(">i", await received(slow, 4))[0]) - 4
            while left > 0:
                left -= len(await received(slow, min(left, 1 << 20)))
            assert broker.network.asked == 3
            assert not connection.is_muted
        await asyncio.sleep(0.001)


async def received(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await asyncio.get_running_loop().sock_recv(sock, size - len(data))
    return data


async def test_who_hangs_up_before_it_has_taken_its_answer_is_closed_and_nobody_told_that_it_was_sent() -> None:
    steps: list[tuple[str, object]] = []
    async with running() as broker:
        async with connected(broker) as producer:
            await producer.ask(produce(batch(b"x" * (8 << 20))))
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(slow, broker.address)
            broker.on_step = lambda what, reply: steps.append((what, type(reply)))
            slow.send(encode_request(fetch(0, max_bytes=16 << 20, partition_max_bytes=16 << 20), 11, 7))
            await asyncio.sleep(1)
            slow.shutdown(socket.SHUT_WR)
            while await asyncio.get_running_loop().sock_recv(slow, 1 << 20):
                pass
        await asyncio.sleep(0.001)
        assert not broker.network.connections
        assert steps == [(what, Reply) for what in ("read", "queued", "taken", "answered")]


async def test_who_takes_no_answer_for_ten_minutes_is_closed() -> None:
    async with running() as broker:
        async with connected(broker) as producer:
            await producer.ask(produce(batch(b"x" * (8 << 20))))
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(slow, broker.address)
            slow.send(encode_request(fetch(0, max_bytes=16 << 20, partition_max_bytes=16 << 20), 11, 7))
            await asyncio.sleep(599)
            assert len(broker.network.connections) == 1
            await asyncio.sleep(121)
            assert not broker.network.connections


async def test_who_is_silent_for_ten_minutes_is_closed_and_who_waits_is_not() -> None:
    async with running() as broker, connected(broker) as silent, connected(broker) as patient:
        patient.send(fetch(0, wait_ms=3_600_000))
        await silent.ask(METADATA)
        await asyncio.sleep(599)
        assert len(broker.network.connections) == 2
        assert await silent.is_hung_up()
        assert 600 <= now_s() <= 720
        await patient.answer()
        assert now_s() == 3600


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


ASKED = encode_request(METADATA, 8, 1)
REFUSED = {
    "a frame over the limit": struct.pack(">i", 10_001),
    "a frame shorter than nothing": struct.pack(">i", -1),
    "an api that is not served": struct.pack(">ihhih", 10, 999, 0, 1, -1),
    "a version that is not served": ASKED.replace(b"\0\3\0\x08", b"\0\3\0\x09", 1),
    "a version before the first": ASKED.replace(b"\0\3\0\x08", b"\0\3\0\x00", 1),
    "a body that ends in a field": struct.pack(">ihhihi", 14, 3, 8, 1, -1, 5),
    "more bytes than fields": struct.pack(">i", len(encode_request(METADATA, 8, 1)))
    + encode_request(METADATA, 8, 1)[4:]
    + b"more",
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_request_closes_its_connection_and_no_other_98(what: str) -> None:
    refused: list[str] = []
    async with running(max_request_bytes=10_000) as broker, connected(broker) as other:
        broker.on_step = lambda what, *who: refused.append(type(who[-1]).__name__) if what == "refused" else None
        other.send(fetch(0, wait_ms=60_000))
        async with connected(broker) as client:
            client.writer.write(REFUSED[what])
            assert await client.is_hung_up()
            assert now_s() == 0
        assert len(refused) == 1
        assert len(broker.network.connections) == 1
        async with connected(broker) as third:
            await third.ask(produce(ONE))
        assert only(await other.answer()).records


async def test_requests_before_a_wrong_one_are_answered_98() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(METADATA)
        client.send(fetch(0, wait_ms=500))
        client.writer.write(REFUSED["another protocol"])
        await client.answer()
        await client.answer()
        assert await client.is_hung_up()


async def test_api_versions_in_an_unknown_version_is_answered_in_the_first_with_error_35_98() -> None:
    async with running() as broker, connected(broker) as client:
        request = bytearray(encode_request(ApiVersionsRequest(), 3, 5))
        request[6:8] = (9).to_bytes(2, "big")
        client.writer.write(request)
        client.responses.expect(ApiKey.API_VERSIONS, 0, 5)
        answer = await client.answer()
        assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
        assert {each.api_key: (each.min_version, each.max_version) for each in answer.api_keys} == dict(ALL)
        assert not (await client.ask(ApiVersionsRequest())).error_code  # and the connection goes on


async def test_a_request_may_come_in_any_pieces() -> None:
    async with running() as broker, connected(broker) as client:
        whole = encode_request(produce(ONE), 8, 0) + encode_request(METADATA, 8, 1)
        for at in range(len(whole)):
            client.writer.write(whole[at : at + 1])
            await asyncio.sleep(0.001)
        client.responses.expect(ApiKey.PRODUCE, 8, 0)
        client.responses.expect(ApiKey.METADATA, 8, 1)
        assert only(await client.answer()).error_code == 0
        await client.answer()


async def test_a_unix_socket_can_be_listened_on_and_the_path_is_given_back(tmp_path: Any) -> None:
    path = tmp_path / "broker"
    async with running(path=str(path), advertise=Address("example", 9092)) as broker:
        client = Client(*await asyncio.open_unix_connection(path))
        (told,) = (await client.ask(METADATA)).brokers
        assert (told.host, told.port) == ("example", 9092)
        client.close()
        await asyncio.sleep(0.001)
        assert not broker.network.connections
    assert not path.exists()


async def test_others_than_this_machine_reach_it_only_when_that_is_said() -> None:
    with pytest.raises(ValueError, match=r"open_to_the_network=True$"):
        async with running(host="0.0.0.0"):
            pass


@pytest.mark.parametrize(
    ("options", "text"),
    [({"handlers": 0}, "expected handlers ≥ 1, got 0"), ({"queue_size": 0}, "expected queue_size ≥ 1, got 0")],
)
async def test_a_broker_that_could_handle_nothing_is_not_started(options: dict[str, int], text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # compared whole below
        async with running(**options):
            pass
    assert str(refused.value) == text
