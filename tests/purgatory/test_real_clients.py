"""kafka-python, aiokafka and librdkafka against the broker: the same is asked of each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any

import pytest
from kafka_client import running
from real_clients import CLIENTS, UNCLOSED, Client, Got, Reader, until

from patterns.purgatory import Broker
from patterns.wire.kafka import ApiKey

pytestmark = pytest.mark.real_clock
EVERY = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
T0 = ("t", 0)
WAIT_MS = 25_000  # longer than `until` waits: what comes has been woken


@asynccontextmanager
async def reading(client: Client, broker: Broker, *topics: str, **options: object) -> AsyncIterator[Reader]:
    reader = client.reader(str(broker.address), *topics, **options)  # type: ignore[arg-type]  # as `Client.reader` has them
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def read(reader: Reader, number: int) -> list[Got]:
    """That many records, and no more come with them."""
    got: list[Got] = []

    async def poll() -> None:
        got.extend(await reader.poll(0.1))

    await until(lambda: len(got) >= number, poll)
    assert len(got) == number
    return got


def noted() -> tuple[list[tuple[str, int]], Callable[..., None]]:
    """What happens to fetches, and on which connection; and what the broker has to be given for that."""
    steps: list[tuple[str, int]] = []

    def on_step(what: str, reply: Any, *_: object) -> None:
        if getattr(reply, "api_key", None) == ApiKey.FETCH:
            steps.append((what, reply.connection.number))

    return steps, on_step


async def parked(broker: Broker, number: int = 1) -> None:
    """So many fetches wait."""
    await until(lambda: broker.fetches.purgatory.num_delayed == number, lambda: asyncio.sleep(0))


@EVERY
async def test_it_makes_a_topic_lists_it_writes_to_it_and_reads_what_it_wrote(client: Client) -> None:
    async with running({}) as broker:
        address = str(broker.address)
        await client.create(address, "made", 3)
        assert len(broker.topics["made"]) == 3
        records = [(("made", number % 3), f"{number}".encode()) for number in range(9)]
        assert await client.write(address, *records) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
        async with reading(client, broker) as reader:
            assert await reader.topics() == {"events", "made"}
            assert await reader.ends(("made", 1)) == (0, 3)
            await reader.assign(*(("made", number) for number in range(3)))
            got = await read(reader, 9)
        expected = {Got(partition, number // 3, value) for number, (partition, value) in enumerate(records)}
        assert set(got) == expected


@EVERY
async def test_it_seeks_back_and_forth(client: Client) -> None:
    async with running() as broker:
        await client.write(str(broker.address), *((T0, f"{number}".encode()) for number in range(10)))
        async with reading(client, broker) as reader:
            await reader.assign(T0)
            assert [each.offset for each in await read(reader, 10)] == list(range(10))
            for offset in (7, 2):
                await reader.seek(T0, offset)
                assert [each.offset for each in await read(reader, 10 - offset)] == list(range(offset, 10))


@EVERY
async def test_its_fetch_is_parked_and_the_record_wakes_it(client: Client) -> None:
    async with running() as broker, reading(client, broker, max_wait_ms=WAIT_MS) as reader:
        await reader.assign(T0)
        polling = asyncio.create_task(read(reader, 1))
        await parked(broker)
        await client.write(str(broker.address), (T0, b"at last"))
        assert await polling == [Got(T0, 0, b"at last")]


@EVERY
async def test_its_fetch_times_out_with_nothing_and_is_asked_again_on_the_same_connection(client: Client) -> None:
    steps, on_step = noted()
    async with running(on_step=on_step) as broker, reading(client, broker, max_wait_ms=50) as reader:
        await reader.assign(T0)

        async def poll() -> None:
            assert await reader.poll(0.05) == []

        await until(lambda: sum(what == "expired" for what, _ in steps) >= 3, poll)
        assert len({connection for what, connection in steps if what == "expired"}) == 1
        await client.write(str(broker.address), (T0, b"x"))
        assert await read(reader, 1) == [Got(T0, 0, b"x")]


@EVERY
async def test_a_broker_that_hangs_up_on_idle_connections_does_not_disturb_it_nor_its_parked_fetch(
    client: Client,
) -> None:
    steps, on_step = noted()
    async with running(on_step=on_step, idle_s=0.02) as broker:
        async with reading(client, broker, max_wait_ms=100) as reader:
            await reader.assign(T0)

            async def poll() -> None:
                assert await reader.poll(0.05) == []

            await until(lambda: sum(what == "expired" for what, _ in steps) >= 3, poll)
            await client.write(str(broker.address), (T0, b"x"))
            assert await read(reader, 1) == [Got(T0, 0, b"x")]
        assert "dropped" not in [what for what, _ in steps[:-1]]  # the last may be parked when the consumer goes


@EVERY
async def test_with_min_bytes_it_is_woken_by_enough_over_all_its_partitions(client: Client) -> None:
    async with running({"t": 2}) as broker, reading(client, broker, max_wait_ms=WAIT_MS, min_bytes=1_000) as reader:
        await reader.assign(T0, ("t", 1))
        polling = asyncio.create_task(read(reader, 2))
        await parked(broker)
        await client.write(str(broker.address), (T0, bytes(500)))
        assert broker.fetches.purgatory.num_delayed == 1
        await client.write(str(broker.address), (("t", 1), bytes(500)))
        assert {each.partition for each in await polling} == {T0, ("t", 1)}


@EVERY
async def test_it_reads_a_hundred_partitions_with_one_fetch_at_a_time(client: Client) -> None:
    every = [("t", number) for number in range(100)]
    steps, on_step = noted()
    async with running({"t": 100}, on_step=on_step) as broker:
        async with reading(client, broker, max_wait_ms=WAIT_MS) as reader:
            await reader.assign(*every)
            polling = asyncio.create_task(read(reader, 100))
            await parked(broker)
            await client.write(str(broker.address), *((partition, b"x") for partition in every))
            assert sorted(each.partition for each in await polling) == every
        inside = 0
        for what, _ in steps:
            inside += (what == "read") - (what in ("answered", "dropped"))
            assert inside in (0, 1)


@UNCLOSED
@EVERY
async def test_a_broker_that_is_restarted_under_it_goes_on_where_it_was(client: Client, tmp_path: object) -> None:
    numbers = count()

    async def write(broker: Broker) -> None:
        await client.write(str(broker.address), (T0, f"{next(numbers)}".encode()))

    async with AsyncExitStack() as stack:
        async with running(folder=tmp_path) as broker:
            reader = await stack.enter_async_context(reading(client, broker, max_wait_ms=100))
            await reader.assign(T0)
            await write(broker)
            assert await read(reader, 1) == [Got(T0, 0, b"0")]
            port = broker.address.port
        async with running({}, folder=tmp_path, port=port) as broker:
            await write(broker)
            assert await read(reader, 1) == [Got(T0, 1, b"1")]
            await stack.aclose()  # a consumer whose broker is away has trouble to stop
