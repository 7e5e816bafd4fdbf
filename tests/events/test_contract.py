"""What every lesson that delivers events has to keep: each event once, in order, from any offset, to the byte."""

from __future__ import annotations

import asyncio

import pytest
from deliveries import DELIVERIES, Delivery, first, log_of

from patterns.cost.workload import feed, poisson
from patterns.wait.log import Log

each_delivery = pytest.mark.parametrize("delivery", DELIVERIES, ids=str)

HOSTILE = (b"", b"\0", bytes(range(256)), b"\r\n\r\n", b'{"no": "json"}', "ein Gruß".encode(), b"x" * 200_000)


@each_delivery
async def test_what_has_happened_is_told_from_the_offset_that_is_wanted(delivery: Delivery) -> None:
    log = log_of(*HOSTILE)
    async with await delivery.serve(log) as server:
        for offset in range(len(log)):
            assert await first(len(log) - offset, delivery, server.address, offset) == log.read(offset)


@each_delivery
async def test_what_happens_is_told_with_the_time_at_which_it_happened(delivery: Delivery) -> None:
    log = Log()
    times = poisson(0.5, 120.0, seed=3)
    async with await delivery.serve(log) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(feed(log, times))
        assert await first(len(times), delivery, server.address) == list(log)
    assert len(times) > 40


@each_delivery
async def test_thousands_of_events_come_in_order_and_each_once(delivery: Delivery) -> None:
    log = log_of(*(b"%d" % number for number in range(5000)))
    async with await delivery.serve(log) as server:
        assert await first(5000, delivery, server.address) == list(log)
        for number in range(3000):
            log.append(b"more %d" % number, 1e6)
        assert await first(3000, delivery, server.address, 5000) == log.read(5000)


@each_delivery
async def test_what_happens_while_a_client_registers_is_neither_lost_nor_told_twice(delivery: Delivery) -> None:
    log = Log()
    async with await delivery.serve(log) as server, asyncio.TaskGroup() as tasks:
        tasks.create_task(feed(log, [number * 0.001 for number in range(500)], payload_bytes=10))
        clients = []
        for _ in range(5):
            await asyncio.sleep(0.02)
            clients.append(tasks.create_task(first(500, delivery, server.address)))
        for client in clients:
            assert await client == list(log)


@each_delivery
async def test_several_clients_get_the_same(delivery: Delivery) -> None:
    log = Log()
    async with await delivery.serve(log) as server, asyncio.TaskGroup() as tasks:
        clients = [tasks.create_task(first(50, delivery, server.address)) for _ in range(10)]
        await feed(log, [number * 0.7 for number in range(50)])
        for client in clients:
            assert await client == list(log)


@each_delivery
async def test_a_server_stops_with_clients_attached(delivery: Delivery) -> None:
    log = log_of(b"first")
    server = await delivery.serve(log)
    clients = [delivery.follow(server.address) for _ in range(5)]
    for client in clients:
        assert (await anext(client)).payload == b"first"
    waiting = [asyncio.ensure_future(anext(client)) for client in clients]
    await asyncio.sleep(0.5)
    await server.stop()
    assert log.watchers == 0
    for task, client in zip(waiting, clients, strict=True):
        task.cancel()
        await asyncio.wait([task])
        await client.aclose()
