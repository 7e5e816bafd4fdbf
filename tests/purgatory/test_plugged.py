"""Fetches that somebody else holds: what is plugged in is asked, told of appends, and cannot hurt the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kafka_client import batch, connected, fetch, only, parts, produce, running

from patterns.purgatory import Broker, follow
from patterns.purgatory.plugged import Reading
from patterns.wait.log import Log
from patterns.wire.kafka import ErrorCode, decode_records

ONE = batch(b"one")


class Holds:
    """A small one that works: a condition for all, and time-outs."""

    def __init__(self, log: Reading) -> None:
        self.log = log
        self.asked: list[tuple[dict[str, int], int, int]] = []
        self.told: list[str] = []
        self._more = asyncio.Event()

    async def fetch(self, partitions: dict[str, int], min_bytes: int, max_wait_ms: int) -> dict[str, bytes]:
        self.asked.append((partitions, min_bytes, max_wait_ms))
        try:
            async with asyncio.timeout(max_wait_ms / 1000):
                while sum(map(len, self.found(partitions).values())) < min_bytes:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            pass
        return self.found(partitions)

    def found(self, partitions: dict[str, int]) -> dict[str, bytes]:
        return {name: self.log.read(name, offset) for name, offset in partitions.items()}

    def appended(self, partition: str) -> None:
        self.told.append(partition)
        self._more.set()


def now_s() -> float:
    return asyncio.get_running_loop().time()


def holding(broker: Broker) -> Any:
    assert broker.plugged is not None
    return broker.plugged.holds


def held(broker: Broker) -> int:
    assert broker.plugged is not None
    return broker.plugged.held


async def test_it_is_asked_by_the_names_of_partitions_and_its_answer_is_sent() -> None:
    async with running({"t-1": 2}, fetches=Holds) as broker, connected(broker) as client, connected(broker) as producer:
        client.send(fetch({("t-1", 1): 0, ("nowhere", 0): 0}, min_bytes=len(ONE), wait_ms=60_000))
        await asyncio.sleep(1)
        assert held(broker) == 1
        await producer.ask(produce({("t-1", 1): ONE}))
        known, unknown = parts(await client.answer())
        assert now_s() == 1
        assert (known.error_code, known.high_watermark) == (0, 1)
        assert [record.value for record in decode_records(known.records)] == [b"one"]
        assert unknown.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert holding(broker).asked == [({"t-1-1": 0}, len(ONE), 60_000)]
        assert holding(broker).told == ["t-1-1"]


async def test_what_it_cannot_be_asked_is_answered_without_it() -> None:
    async with running(fetches=Holds) as broker, connected(broker) as client:
        assert only(await client.ask(fetch({("nowhere", 0): 0}))).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert only(await client.ask(fetch(5))).error_code == ErrorCode.OFFSET_OUT_OF_RANGE
        assert holding(broker).asked == []


async def test_the_courses_client_follows_through_it() -> None:
    log = Log()
    async with running({}, log, fetches=Holds) as broker:
        events = follow(broker.address, wait_s=5)
        reading = asyncio.ensure_future(anext(events))
        await asyncio.sleep(12)
        log.append(b"x", 12.0)
        assert (await reading).payload == b"x"
        assert now_s() == 12
        assert len(holding(broker).asked) == 3
        await events.aclose()


async def test_it_stops_with_fetches_held() -> None:
    async with running(fetches=Holds) as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=60_000))
        await asyncio.sleep(1)
        await broker.stop()
        assert await client.is_hung_up()
        assert held(broker) == 0


async def test_what_it_raises_or_returns_by_mistake_is_reported_and_ends_one_connection(expected_failures) -> None:
    answers: list[Any] = [KeyError("mine"), None, {"t-0": "text"}]

    class Wrong(Holds):
        async def fetch(self, *_: object) -> Any:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        def appended(self, partition: str) -> None:
            raise RuntimeError(partition)

    async with running(fetches=Wrong) as broker, connected(broker) as other:
        for _ in range(3):
            async with connected(broker) as client:
                client.send(fetch(0))
                assert await client.is_hung_up()
        assert only(await other.ask(produce(ONE))).error_code == 0
    assert [str(error) for error in expected_failures.take()] == [
        "'mine'",
        "expected fetch() to return a dict of bytes by partition, got None",
        "expected fetch() to return a dict of bytes by partition, got {'t-0': 'text'}",
        "t-0",
    ]


async def test_a_partition_it_invents_is_a_lookup_error() -> None:
    async with running(fetches=Holds) as broker:
        for name in ("t-9", "t", "-", "", "t-x"):
            with pytest.raises(LookupError) as caught:
                holding(broker).log.read(name, 0)
            assert str(caught.value) == f"expected a partition such as 'events-0', got {name!r}"


async def test_with_threads_it_is_refused() -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # compared whole below
        async with running(fetches=Holds, threads=True):
            pass
    assert str(refused.value) == (
        "expected fetches=… without threads=True, got both; a fetch that is plugged in is a task"
    )
