"""What a fetch is answered (behaviours 74–76): what is there when the answer is sent, of every partition."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kafka_client import batch, connected, fetch, only, partition, parts, produce, running

from patterns.purgatory import Broker
from patterns.wire.kafka import ErrorCode, decode_records, produced_batches

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


async def test_on_time_out_what_is_there_is_answered_and_it_is_no_error_74_76() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(fetch(0, min_bytes=10_000, wait_ms=3000))
        await asyncio.sleep(1)
        await put(broker, ONE)
        part = only(await client.answer())
        assert (now_s(), part.error_code, values(part)) == (3, 0, [b"one"])


async def test_the_log_is_read_when_the_answer_is_sent_74() -> None:
    """What comes between completion and answer is in it."""

    def append_another(what: str, _: object) -> None:
        if what == "completed":
            two = batch(b"two")
            partition(broker).append(two, produced_batches(two)[0])
            partition(broker).replicated(2)

    async with running(on_step=append_another) as broker, connected(broker) as client:
        client.send(fetch(0, wait_ms=60_000))
        await put(broker, ONE)
        assert values(only(await client.answer())) == [b"one", b"two"]


async def test_the_answer_has_every_partition_that_was_asked_for_75() -> None:
    async with running({"t": 3}) as broker, connected(broker) as client:
        client.send(fetch({("t", 0): 0, ("t", 1): 0, ("t", 2): 0}, wait_ms=60_000))
        await put(broker, ONE, number=1)
        answered = parts(await client.answer())
        assert [(part.partition_index, values(part)) for part in answered] == [(0, []), (1, [b"one"]), (2, [])]


async def test_unknown_partitions_beside_known_ones_travel_with_the_answer_75b() -> None:
    async with running() as broker, connected(broker) as client:
        answered = parts(await client.ask(fetch({("nowhere", 3): 0, ("t", 0): 0, ("t", 8): 0}, wait_ms=2000)))
        assert now_s() == 2
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        assert [(part.partition_index, part.error_code) for part in answered] == [(3, unknown), (0, 0), (8, unknown)]


async def test_a_topic_that_is_made_meanwhile_is_known_to_the_next_who_asks_the_same_75b() -> None:
    async with running() as broker, connected(broker) as first, connected(broker) as second:
        asked = fetch({("later", 0): 0, ("t", 0): 0}, wait_ms=2000)
        first.send(asked)
        await asyncio.sleep(1)
        broker.topics.make("later")
        assert [part.error_code for part in parts(await second.ask(asked))] == [0, 0]
        assert [part.error_code for part in parts(await first.answer())] == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0]


async def test_the_same_question_is_answered_anew_when_there_is_more_74() -> None:
    async with running() as broker, connected(broker) as first, connected(broker) as second:
        asked = fetch(0, wait_ms=1000, min_bytes=10_000)
        first.send(asked)
        await asyncio.sleep(0.5)
        second.send(asked)
        await asyncio.sleep(0.1)
        await put(broker, ONE)
        assert values(only(await first.answer())) == [b"one"]
        await put(broker, ONE)
        assert values(only(await second.answer())) == [b"one", b"one"]
        assert now_s() == 1.5


async def test_what_lies_under_a_quiet_key_when_it_has_ended_holds_no_answer() -> None:
    async with running({"t": 1, "quiet": 1}) as broker, connected(broker) as client:
        client.send(fetch({("t", 0): 0, ("quiet", 0): 0}, wait_ms=60_000))
        await asyncio.sleep(1)
        operation = broker.fetches.purgatory.parked[partition(broker)][0]
        await put(broker, ONE)
        await client.answer()
        assert broker.fetches.purgatory.watched == 1
        assert operation.question is None  # type: ignore[attr-defined]  # of DelayedFetch


@pytest.mark.parametrize("limits", [{"max_bytes": -1}, {"partition_max_bytes": -5}, {"min_bytes": -7}], ids=str)
async def test_limits_below_nothing_are_nothing(limits: dict[str, int]) -> None:
    async with running() as broker, connected(broker) as client:
        await put(broker, ONE, ONE)
        assert values(only(await client.ask(fetch(0, wait_ms=10, **limits))))[:1] == [b"one"]


async def test_an_append_makes_what_was_encoded_before_out_of_date() -> None:
    async with running(replication_s=None) as broker, connected(broker):
        topic = partition(broker)
        before = topic.changes
        topic.append(ONE, *produced_batches(ONE))  # it may forget what is old, though nobody may read it yet
        assert topic.changes > before


@pytest.mark.parametrize("version", range(4, 12))
async def test_every_version_is_answered_in_kind(version: int) -> None:
    async with running() as broker, connected(broker) as client:
        await put(broker, ONE)
        asked = fetch(0)
        if version < 9:
            asked = asked.replace(session_epoch=-1)
        assert values(only(await client.ask(asked, version))) == [b"one"]


async def test_the_first_batch_comes_whole_however_little_is_asked_for_and_then_what_fits() -> None:
    """KIP-74: or its reader would never get past it."""
    big = batch(b"x" * 1000)
    async with running({"t": 3}) as broker, connected(broker) as client:
        for number in range(3):
            await put(broker, big, ONE, number=number)
        all_three = {("t", number): 0 for number in range(3)}
        answered = parts(await client.ask(fetch(all_three, max_bytes=10)))
        assert [len(part.records) for part in answered] == [len(big), 0, 0]
        answered = parts(await client.ask(fetch(all_three, max_bytes=len(big) + 2 * len(ONE), partition_max_bytes=10)))
        assert [len(part.records) for part in answered] == [len(big), 0, 0]
        answered = parts(await client.ask(fetch({("t", 0): 1, ("t", 1): 1, ("t", 2): 1}, max_bytes=2 * len(ONE))))
        assert [len(part.records) for part in answered] == [len(ONE), len(ONE), 0]


async def test_a_fetch_may_start_inside_a_batch_and_gets_all_of_it() -> None:
    async with running() as broker, connected(broker) as client:
        await put(broker, batch(b"a", b"b", b"c"))
        part = only(await client.ask(fetch(2)))
        assert values(part, 2) == [b"c"]
        assert values(part) == [b"a", b"b", b"c"]


async def test_a_leader_epoch_that_never_was_is_an_error() -> None:
    async with running() as broker, connected(broker) as client:
        asked = fetch(0)
        (topic,) = asked.topics
        (each,) = topic.partitions
        later = asked.replace(topics=(topic.replace(partitions=(each.replace(current_leader_epoch=3),)),))
        assert only(await client.ask(later)).error_code == ErrorCode.UNKNOWN_LEADER_EPOCH


async def test_the_same_question_of_many_is_one_object_and_its_answer_is_encoded_once() -> None:
    async with running() as broker:
        contexts = [connected(broker) for _ in range(20)]
        clients = [await context.__aenter__() for context in contexts]
        for client in clients:
            client.send(fetch(0, wait_ms=60_000))
        await asyncio.sleep(1)
        (operations,) = broker.fetches.purgatory.parked.values()
        assert len({id(operation.question) for operation in operations}) == 1  # type: ignore[attr-defined]  # of DelayedFetch
        question = operations[0].question  # type: ignore[attr-defined]  # as above
        reads = []
        read = type(question)._read
        type(question)._read = lambda self: reads.append(self) or read(self)
        try:
            await put(broker, ONE)
            for client in clients:
                assert values(only(await client.answer())) == [b"one"]
        finally:
            type(question)._read = read
        assert len(reads) == 1
        for context in contexts:
            await context.__aexit__(None, None, None)
