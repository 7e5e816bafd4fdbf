"""The long poll (behaviours 67–73, 77, 89, 97): when a fetch is answered. The time is virtual, and exact."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kafka_client import batch, connected, fetch, only, partition, parts, produce, running

from patterns.purgatory import Broker
from patterns.wire.kafka import ErrorCode, decode_records

ONE = batch(b"one")


def now_s() -> float:
    return asyncio.get_running_loop().time()


def values(part: Any, offset: int = 0) -> list[bytes | None]:
    return [record.value for record in decode_records(part.records, offset)]


async def put(broker: Broker, *records: bytes, number: int = 0, topic: str = "t") -> None:
    """Produce each batch by itself, over a connection of its own."""
    async with connected(broker) as producer:
        for each in records:
            assert only(await producer.ask(produce({(topic, number): each}))).error_code == 0


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        (fetch(0, wait_ms=0), "max_wait 0"),
        (fetch(0, wait_ms=-1), "max_wait below 0"),
        (fetch({}), "no partitions"),
        (fetch(0, min_bytes=0), "min_bytes 0"),
        (fetch(1), "an offset out of range"),
        (fetch({("t", 0): 0, ("t", 1): 7}), "an offset out of range in one of two"),
        (fetch({("nowhere", 0): 0, ("t", 9): 0}), "no partition that is known"),
        (fetch(0, session_id=5, session_epoch=1), "a session that nobody opened"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_it_is_answered_at_once_when_waiting_would_not_help_67(asked: Any, cause: str) -> None:
    async with running({"t": 2}) as broker, connected(broker) as client:
        await client.ask(asked)
        assert now_s() == 0
        assert broker.fetches.purgatory.estimated_total == 0


async def test_it_is_answered_at_once_when_enough_is_there_67() -> None:
    async with running() as broker, connected(broker) as client:
        await put(broker, ONE, ONE)
        assert values(only(await client.ask(fetch(0, min_bytes=2 * len(ONE))))) == [b"one", b"one"]
        assert now_s() == 0


async def test_otherwise_it_is_watched_under_every_partition_for_the_time_it_says_itself_68() -> None:
    async with running({"t": 2, "u": 1}) as broker, connected(broker) as client:
        client.send(fetch({("t", 0): 0, ("t", 1): 0, ("u", 0): 0}, wait_ms=12_345))
        await asyncio.sleep(0.001)
        purgatory = broker.fetches.purgatory
        assert (purgatory.watched, purgatory.num_delayed) == (3, 1)
        assert {key.name for key in purgatory.parked} == {"t-0", "t-1", "u-0"}  # type: ignore[attr-defined]  # a Partition
        await client.answer()
        assert now_s() == 12.345
        assert purgatory.num_delayed == 0


async def test_min_bytes_is_summed_over_the_partitions_69() -> None:
    async with running({"t": 3}) as broker, connected(broker) as client:
        client.send(fetch({("t", number): 0 for number in range(3)}, min_bytes=3 * len(ONE), wait_ms=60_000))
        for number in range(3):
            await asyncio.sleep(1)
            assert broker.fetches.purgatory.num_delayed == 1
            await put(broker, ONE, number=number)
        answered = parts(await client.answer())
        assert [(part.partition_index, values(part)) for part in answered] == [(n, [b"one"]) for n in range(3)]
        assert now_s() == 3


async def test_of_each_partition_no_more_counts_than_may_be_taken_from_it_69() -> None:
    async with running({"t": 2}) as broker, connected(broker) as client:
        both = {("t", 0): 0, ("t", 1): 0}
        client.send(fetch(both, min_bytes=2 * len(ONE), partition_max_bytes=len(ONE), wait_ms=60_000))
        await asyncio.sleep(1)
        await put(broker, ONE, ONE, ONE)
        await asyncio.sleep(1)
        assert broker.fetches.purgatory.num_delayed == 1
        await put(broker, ONE, number=1)
        assert [values(part) for part in parts(await client.answer())] == [[b"one"], [b"one"]]


async def test_what_followers_do_not_have_yet_wakes_nobody_70() -> None:
    async with running(replication_s=5.0) as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=60_000))
        await put(broker, ONE)
        await asyncio.sleep(4)
        assert partition(broker).storage.next_offset == 1
        assert broker.fetches.purgatory.num_delayed == 1
        part = only(await client.answer())
        assert (now_s(), part.high_watermark, part.last_stable_offset, values(part)) == (5, 1, 1, [b"one"])


async def test_nothing_beyond_the_high_watermark_is_read_70() -> None:
    async with running(replication_s=None) as broker, connected(broker) as client:
        await put(broker, ONE, batch(b"two", b"three"), batch(b"four"))
        partition(broker).replicated(3)
        part = only(await client.ask(fetch(0, wait_ms=0)))
        assert (part.high_watermark, values(part)) == (3, [b"one", b"two", b"three"])
        size_bytes = partition(broker).available(0, 1 << 20)
        assert size_bytes == len(part.records)
        assert only(await client.ask(fetch(3, wait_ms=0))).records == b""


async def test_it_completes_when_its_offset_is_forgotten_71() -> None:
    """A log that keeps little, and a fetch that waits for more than it keeps."""
    async with running() as broker, connected(broker) as client:
        topic = partition(broker)
        topic.storage._retention_bytes, topic.storage._segment_bytes = len(ONE), len(ONE)  # type: ignore[attr-defined]  # of PartitionLog
        client.send(fetch(0, min_bytes=10_000, wait_ms=60_000))
        await put(broker, ONE)
        assert broker.fetches.purgatory.num_delayed == 1
        await put(broker, ONE)
        assert topic.storage.start_offset == 1
        part = only(await client.answer())
        assert (now_s(), part.error_code, part.high_watermark) == (0, ErrorCode.OFFSET_OUT_OF_RANGE, -1)


async def test_at_the_end_there_are_no_bytes_and_it_waits_72() -> None:
    async with running() as broker, connected(broker) as client:
        await put(broker, ONE)
        part = only(await client.ask(fetch(1, wait_ms=500)))
        assert (now_s(), part.error_code, part.records, part.high_watermark) == (0.5, 0, b"", 1)


async def test_min_bytes_is_no_more_than_may_be_answered_73() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(fetch(0, min_bytes=1 << 30, max_bytes=len(ONE), wait_ms=60_000))
        await asyncio.sleep(1)
        await put(broker, ONE)
        assert values(only(await client.answer())) == [b"one"]
        assert now_s() == 1


async def test_all_who_wait_are_tried_in_order_each_by_its_own_condition_77() -> None:
    steps: list[tuple[str, int]] = []
    async with running(on_step=lambda what, reply: steps.append((what, reply.connection.number))) as broker:
        clients = [connected(broker) for _ in range(4)]
        opened = [await client.__aenter__() for client in clients]
        for number, client in enumerate(opened):
            client.send(fetch(0, wait_ms=5000, min_bytes=1000 if number == 1 else 1))
            await asyncio.sleep(0.1)
        steps.clear()
        await put(broker, ONE)
        await asyncio.sleep(0.1)
        assert [number for what, number in steps if what == "completed"] == [1, 3, 4]
        assert [number for what, number in steps if what == "sent" and number < 5] == [1, 3, 4]
        for client in opened:
            await client.answer()
        assert now_s() == 5.1
        for context in clients:
            await context.__aexit__(None, None, None)
        assert broker.fetches.purgatory.num_delayed == 0


async def test_a_fetch_of_a_client_that_has_gone_stays_until_there_is_data_97() -> None:
    steps: list[str] = []
    async with running(on_step=lambda what, reply: steps.append(what)) as broker:
        async with connected(broker) as client:
            client.send(fetch(0, wait_ms=60_000))
            await asyncio.sleep(1)
        await asyncio.sleep(1)
        assert not broker.network.connections  # it was seen to go, and its descriptor is free
        assert broker.fetches.purgatory.num_delayed == 1
        steps.clear()
        await put(broker, ONE)
        assert broker.fetches.purgatory.num_delayed == broker.fetches.purgatory.watched == 0
        assert steps.count("dropped") == 1


async def test_a_fetch_of_a_client_that_has_gone_stays_until_its_time_is_over_97() -> None:
    async with running() as broker:
        async with connected(broker) as client:
            client.send(fetch(0, wait_ms=60_000))
            await asyncio.sleep(1)
        await asyncio.sleep(58.9)
        assert broker.fetches.purgatory.num_delayed == 1
        await asyncio.sleep(0.2)
        assert broker.fetches.purgatory.num_delayed == 0


async def test_who_asks_behind_a_parked_fetch_waits_as_long_as_it_does_89() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=3001))
        client.send(fetch(0, wait_ms=0))
        await client.answer()
        await client.answer()
        assert now_s() == 3.001
