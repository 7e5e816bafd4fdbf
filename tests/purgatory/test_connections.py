"""The network's side (behaviours 88–90): a connection is muted while its request is inside; who is closed, and when."""

from __future__ import annotations

import asyncio
import socket
import struct

from kafka_client import batch, connected, fetch, only, produce, running

from patterns.purgatory.replies import Reply
from patterns.wire.kafka import encode_request
from patterns.wire.kafka.apis.discovery import MetadataRequest

ONE = batch(b"one")
METADATA = MetadataRequest(topics=())


def now_s() -> float:
    return asyncio.get_running_loop().time()


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


ASKED = encode_request(METADATA, 8, 1)


async def test_a_connection_whose_request_is_parked_keeps_nothing_to_read_with() -> None:
    async with running() as broker, connected(broker) as client, connected(broker) as half:
        client.send(fetch(0, wait_ms=1000))
        half.writer.write(ASKED[:7])
        await asyncio.sleep(0.5)
        waiting, reading = broker.network.connections
        assert waiting._reader is None
        assert reading._reader is not None
        assert reading._reader.pending_bytes == 7
        await client.answer()
