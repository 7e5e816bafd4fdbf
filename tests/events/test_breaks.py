"""Connections break anywhere, clients vanish and lie: nothing is lost, nothing comes twice, nothing is left."""

from __future__ import annotations

import asyncio
import random

import pytest
from deliveries import DELIVERIES, Delivery, first, log_of

from patterns.cost.workload import feed, poisson
from patterns.request_response import GaveUp
from patterns.wait.log import Log
from patterns.wire.listen import Address, listen
from patterns.wire.tap import Direction, Kind, tap

each_delivery = pytest.mark.parametrize("delivery", DELIVERIES, ids=str)


@each_delivery
@pytest.mark.parametrize("seed", range(3))
async def test_a_path_that_breaks_at_random_loses_nothing_and_repeats_nothing(delivery: Delivery, seed: int) -> None:
    log = Log()
    times = poisson(2.0, 60.0, seed=seed)
    async with (
        await delivery.serve(log) as server,
        await tap(server.address, cut_mean_bytes=1000, delay_s=0.01, seed=seed) as path,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(feed(log, times, payload_bytes=50))
        assert await first(len(times), delivery, path.address) == list(log)
        assert sum(record.kind is Kind.CUT for record in path.traffic) >= 3


@each_delivery
@pytest.mark.parametrize("direction", Direction)
async def test_a_path_may_break_at_any_byte(delivery: Delivery, direction: Direction) -> None:
    """From the first byte on, one further at each connection, until one carries the events."""
    log = log_of(b"one", b"", b"three")
    async with await delivery.serve(log) as server, await tap(server.address) as path:
        path.link.cut_after_bytes = {direction: 0}

        async def lengthen() -> None:
            while True:
                await asyncio.sleep(0.05)
                path.link.cut_after_bytes = {direction: sum(path.link.cut_after_bytes.values()) + 1}  # type: ignore[union-attr]  # it is set above

        lengthening = asyncio.create_task(lengthen())
        assert await first(3, delivery, path.address, retry_s=0.05, breaks=1000) == list(log)
        lengthening.cancel()
        assert sum(record.kind is Kind.CUT for record in path.traffic) >= 12


@each_delivery
async def test_a_client_follows_through_the_restart_of_its_server(delivery: Delivery) -> None:
    log = log_of(b"before")
    server = await delivery.serve(log)
    events = delivery.follow(server.address)
    assert (await anext(events)).payload == b"before"
    later = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0.5)
    await server.stop()
    log.append(b"meanwhile", 1.0)
    await asyncio.sleep(5)
    async with await delivery.serve(log, port=server.address.port):
        assert (await later).payload == b"meanwhile"
        await events.aclose()


@each_delivery
async def test_who_never_reaches_a_server_gives_up(delivery: Delivery) -> None:
    async with await delivery.serve(Log()) as server:
        nobody = server.address
    with pytest.raises(GaveUp) as caught:
        await anext(delivery.follow(nobody, 7, breaks=2))
    assert str(caught.value) == (
        "expected a connection that brings event 7, got 3 in a row that broke before; "
        "see whether the server runs, or allow more breaks"
    )


@each_delivery
async def test_an_offset_beyond_the_end_is_refused(delivery: Delivery) -> None:
    async with await delivery.serve(log_of(b"only")) as server:
        with pytest.raises(LookupError):
            await anext(delivery.follow(server.address, 2))


@each_delivery
async def test_clients_that_close_their_iterator_leave_nothing_at_the_server(delivery: Delivery) -> None:
    log = log_of(b"only")
    async with await delivery.serve(log) as server, await tap(server.address) as path:
        for is_waiting in (False, True, True):
            events = delivery.follow(path.address)
            assert (await anext(events)).payload == b"only"
            if is_waiting:
                task = asyncio.ensure_future(anext(events))
                await asyncio.sleep(0.3)
                task.cancel()
                await asyncio.wait([task])
            await events.aclose()
        await asyncio.sleep(4)
        assert path.connections == 0
        assert log.watchers == delivery.watchers


@each_delivery
async def test_a_slow_reader_gets_everything_in_the_end(delivery: Delivery) -> None:
    log = Log()
    async with (
        await delivery.serve(log) as server,
        await tap(server.address, bytes_per_s=20_000) as path,
        asyncio.TaskGroup() as tasks,
    ):
        path.link.window_bytes = 4096
        tasks.create_task(feed(log, [number * 0.01 for number in range(1500)], payload_bytes=400))
        assert await first(1500, delivery, path.address) == list(log)


@each_delivery
async def test_a_silent_path_is_given_up_and_another_one_found(delivery: Delivery) -> None:
    log = log_of(b"before")
    async with await delivery.serve(log) as server, await tap(server.address) as path:
        events = delivery.follow(path.address)
        assert (await anext(events)).payload == b"before"
        later = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.5)
        path.link.blackhole = True
        log.append(b"unheard", 1.0)
        await asyncio.sleep(60)
        path.cut()
        path.link.blackhole = False
        async with asyncio.timeout(90):
            assert (await later).payload == b"unheard"
        await events.aclose()


GARBAGE = (
    b"",
    b"\0" * 64,
    b"\xff" * 64,
    b"GET /events?from=0 HTTP/1.1\r\nHost: x\r\n",
    b"GET /events?from=99999999999999999999 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /events?from=-1&wait=x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
    b"GET /events?from=0 HTTP/1.1\r\nHost: x\r\n\r\n" * 500,
    b"GET /events?from=0&wait=9 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" * 3,
    b"\0\0\0\x08" + b"\x7f" * 8,
    b"\0\0\0\x08" + b"\0" * 8 + b"\xff" * 8,
)


@each_delivery
@pytest.mark.parametrize("end", ["hangs up", "resets", "falls silent"])
async def test_hostile_bytes_neither_crash_nor_stay(delivery: Delivery, end: str) -> None:
    draw = random.Random(5)
    log = log_of(b"x" * 1000, b"y")
    async with await delivery.serve(log) as server:
        for garbage in (*GARBAGE, *(draw.randbytes(draw.randrange(300)) for _ in range(10))):
            _, writer = await asyncio.open_connection(*server.address)
            writer.write(garbage)
            await asyncio.sleep(0.01)
            if end == "falls silent":
                await asyncio.sleep(200)
            if end == "resets":
                writer.transport.abort()
            writer.close()
            await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])
        await asyncio.sleep(4)
        assert log.watchers == delivery.watchers
        assert await first(2, delivery, server.address) == list(log)


@each_delivery
async def test_a_server_that_hangs_up_or_talks_nonsense_is_tried_again(delivery: Delivery) -> None:
    came = []

    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\xff" * len(came) * 10)
        came.append(0)

    async with await listen(nonsense) as server:
        with pytest.raises(GaveUp):
            await anext(delivery.follow(Address(*server.address), breaks=5))
    assert len(came) >= 6


@each_delivery
async def test_the_count_of_bytes_is_the_same_on_every_run(delivery: Delivery) -> None:
    counts = set()
    for _ in range(20):
        log = Log()
        async with (
            await delivery.serve(log) as server,
            await tap(server.address, delay_s=0.02) as path,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(feed(log, poisson(0.2, 120.0, seed=1)))
            await first(len(poisson(0.2, 120.0, seed=1)), delivery, path.address)
            messages = len([seen for seen in path.traffic.messages() if seen.message is not None])
            counts.add((messages, *(path.traffic.bytes(way) for way in Direction)))
    assert len(counts) == 1
