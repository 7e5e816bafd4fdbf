"""Produce (behaviours 78–84, 91): who waits for replicas, who is woken by an append, and when; what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kafka_client import batch, connected, fetch, only, partition, parts, produce, running

from patterns.purgatory.produces import Actions
from patterns.purgatory.topics import Partition
from patterns.wire.kafka import ErrorCode, encode_request

ONE = batch(b"one")
E = ErrorCode


def now_s() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("acks", [0, 1])
async def test_who_wants_no_ack_or_the_leaders_never_waits_78(acks: int) -> None:
    async with running(replication_s=10.0) as broker, connected(broker) as client:
        client.send(produce(ONE, acks=acks), is_answered=acks == 1)
        if acks:
            assert only(await client.answer()).error_code == 0
        await asyncio.sleep(0.001)
        assert broker.produces.purgatory.estimated_total == 0
        assert partition(broker).storage.next_offset == 1


async def test_who_wants_all_waits_until_all_have_it_78_80() -> None:
    async with running(replication_s=0.75) as broker, connected(broker) as client:
        client.send(produce(ONE, acks=-1))
        await asyncio.sleep(0.5)
        assert broker.produces.purgatory.num_delayed == 1
        part = only(await client.answer())
        assert (now_s(), part.error_code, part.base_offset) == (0.75, 0, 0)
        assert broker.produces.purgatory.num_delayed == 0


async def test_with_no_followers_to_wait_for_it_is_answered_at_once_78() -> None:
    async with running() as broker, connected(broker) as client:
        assert only(await client.ask(produce(ONE, acks=-1))).error_code == 0
        assert (now_s(), broker.produces.purgatory.estimated_total) == (0, 0)


@pytest.mark.parametrize("records", [{}, {("t", 0): b""}, {("t", 0): None}, {("nowhere", 0): ONE}], ids=str)
async def test_with_nothing_appended_nobody_waits_78(records: Any) -> None:
    async with running(replication_s=None) as broker, connected(broker) as client:
        await client.ask(produce(records, acks=-1))
        assert (now_s(), broker.produces.purgatory.estimated_total) == (0, 0)


async def test_on_time_out_exactly_what_is_unfinished_is_reported_79() -> None:
    async with running({"t": 3}, replication_s=None) as broker, connected(broker) as client:
        records = {("t", 0): ONE, ("t", 1): ONE, ("t", 9): ONE}
        client.send(produce(records, acks=-1, timeout_ms=2500))
        await asyncio.sleep(1)
        partition(broker, 1).replicated(1)
        answered = parts(await client.answer())
        assert now_s() == 2.5
        assert [(part.index, part.error_code, part.base_offset) for part in answered] == [
            (0, E.REQUEST_TIMED_OUT, -1),
            (1, 0, 0),
            (9, E.UNKNOWN_TOPIC_OR_PARTITION, -1),
        ]
        assert partition(broker).storage.next_offset == 1  # it may still be replicated


async def test_it_completes_when_the_last_of_its_partitions_is_replicated_80() -> None:
    async with running({"t": 2}, replication_s=None) as broker, connected(broker) as client:
        client.send(produce({("t", 0): ONE, ("t", 1): ONE}, acks=-1, timeout_ms=60_000))
        for number in range(2):
            await asyncio.sleep(1)
            assert broker.produces.purgatory.num_delayed == 1
            broker._copied(partition(broker, number), 1)
        assert [part.error_code for part in parts(await client.answer())] == [0, 0]
        assert now_s() == 2


async def test_a_rise_of_the_high_watermark_wakes_producers_and_fetches_81() -> None:
    steps: list[tuple[str, str]] = []
    async with (
        running(replication_s=1.0, on_step=lambda what, reply: steps.append((what, reply.api_key.name))) as broker,
        connected(broker) as consumer,
        connected(broker) as producer,
    ):
        consumer.send(fetch(0, wait_ms=60_000))
        await asyncio.sleep(0.5)
        producer.send(produce(ONE, acks=-1, timeout_ms=60_000))
        await producer.answer()
        await consumer.answer()
        assert now_s() == 1.5
        assert [step for step in steps if step[0] == "completed"] == [("completed", "PRODUCE"), ("completed", "FETCH")]


async def test_an_append_that_leaves_the_high_watermark_wakes_nobody_81() -> None:
    async with running(replication_s=None) as broker, connected(broker) as consumer, connected(broker) as producer:
        consumer.send(fetch(0, wait_ms=5000))
        tried: list[Any] = []
        broker.fetches.purgatory.check_and_complete = lambda key: tried.append(key) or 0  # type: ignore[method-assign]  # to watch it
        await producer.ask(produce(ONE))
        assert tried == []
        await consumer.answer()
        assert now_s() == 5


async def test_the_producers_own_answer_is_under_way_before_others_are_tried_82() -> None:
    steps: list[tuple[str, str]] = []
    async with (
        running(on_step=lambda what, reply: steps.append((what, reply.api_key.name))) as broker,
        connected(broker) as consumer,
        connected(broker) as producer,
    ):
        consumer.send(fetch(0, wait_ms=60_000))
        await asyncio.sleep(1)
        steps.clear()
        await producer.ask(produce(ONE))
        await consumer.answer()
        assert steps == [
            ("read", "PRODUCE"),
            ("queued", "PRODUCE"),
            ("taken", "PRODUCE"),
            ("answered", "PRODUCE"),
            ("completed", "FETCH"),
            ("answered", "FETCH"),
            ("sent", "PRODUCE"),
            ("sent", "FETCH"),
        ]


def test_actions_run_as_many_as_there_were_and_one_that_fails_stops_no_other_83() -> None:
    failed: list[Exception] = []
    done: list[str] = []
    actions = Actions(failed.append)
    error = ValueError("of the second")

    def second() -> None:
        raise error

    actions.add(lambda: (done.append("first"), actions.add(lambda: done.append("later"))))
    actions.add(second)
    actions.add(lambda: done.append("third"))
    actions.try_complete()
    assert (done, failed) == (["first", "third"], [error])
    actions.try_complete()
    assert done == ["first", "third", "later"]


async def test_what_followers_copy_wakes_those_who_waited_without_any_request_84() -> None:
    async with running(replication_s=2.0) as broker, connected(broker) as consumer, connected(broker) as producer:
        consumer.send(fetch(0, wait_ms=60_000))
        await producer.ask(produce(ONE))
        assert now_s() == 0
        await consumer.answer()
        assert now_s() == 2


async def test_each_kind_waits_in_a_purgatory_of_its_own_85() -> None:
    async with running(replication_s=None) as broker, connected(broker) as consumer, connected(broker) as producer:
        consumer.send(fetch(0, wait_ms=2000))
        producer.send(produce(ONE, acks=-1, timeout_ms=1000))
        await asyncio.sleep(0.5)
        assert (broker.fetches.purgatory.watched, broker.produces.purgatory.watched) == (1, 1)
        await producer.answer()
        await consumer.answer()


async def test_without_acks_there_is_no_answer_and_the_next_request_is_read_91() -> None:
    async with running() as broker, connected(broker) as client:
        for _ in range(3):
            client.send(produce(ONE, acks=0), is_answered=False)
        assert only(await client.ask(produce(ONE))).base_offset == 3


async def test_an_error_without_acks_closes_the_connection_91() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(produce(ONE + b"torn", acks=0), is_answered=False)
        assert await client.is_hung_up()
        assert now_s() == 0


async def test_what_was_sent_without_acks_before_hanging_up_is_all_appended() -> None:
    async with running() as broker:
        async with connected(broker) as client:
            client.writer.write(b"".join(encode_request(produce(ONE, acks=0), 8, number) for number in range(100)))
        await asyncio.sleep(0.001)
        assert partition(broker).storage.next_offset == 100
        assert not broker.network.connections


async def test_offsets_are_given_to_each_record_and_the_batch_is_kept_as_it_came() -> None:
    async with running() as broker, connected(broker) as client:
        sent = batch(b"a", b"b", b"c", base_offset=77)
        for number in range(3):
            assert only(await client.ask(produce(sent, acks=-1))).base_offset == 3 * number
        kept = partition(broker).read(3, len(sent))
        # Its place and the leader's epoch are the broker's; the length between, and all behind, the producer's.
        assert kept == (3).to_bytes(8, "big") + sent[8:12] + (0).to_bytes(4, "big") + sent[16:]


REFUSED = {
    "no records": (b"", E.INVALID_RECORD),
    "null": (None, E.INVALID_RECORD),
    "another magic": (b"\0" * 16 + b"\1" + b"\0" * 60, E.INVALID_RECORD),
    "a byte that changed": (ONE[:-2] + bytes([ONE[-2] ^ 1]) + ONE[-1:], E.CORRUPT_MESSAGE),
    "torn": (ONE[:-1], E.CORRUPT_MESSAGE),
    "bytes behind it": (ONE + b"more", E.CORRUPT_MESSAGE),
    "two batches": (ONE + ONE, E.INVALID_RECORD),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_batch_is_refused_for_that_partition_only(what: str) -> None:
    records, code = REFUSED[what]
    async with running({"t": 2}) as broker, connected(broker) as client:
        answered = parts(await client.ask(produce({("t", 0): records, ("t", 1): ONE})))
        assert [(part.error_code, part.base_offset) for part in answered] == [(code, -1), (0, 0)]
        assert answered[0].error_message.startswith("expected ")
        assert (partition(broker).storage.next_offset, partition(broker, 1).storage.next_offset) == (0, 1)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"acks": 2}, E.INVALID_REQUIRED_ACKS),
        ({"acks": -2}, E.INVALID_REQUIRED_ACKS),
        ({"transactional_id": "tx"}, E.TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
    ],
    ids=str,
)
async def test_what_no_broker_here_can_promise_is_refused(more: dict[str, Any], code: ErrorCode) -> None:
    async with running() as broker, connected(broker) as client:
        assert only(await client.ask(produce(ONE, **more))).error_code == code
        assert partition(broker).storage.next_offset == 0


async def test_a_disk_that_takes_nothing_is_told_to_the_producer(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Partition, *_: object) -> int:
        raise OSError(28, "No space left on device")

    async with running() as broker, connected(broker) as client:
        monkeypatch.setattr(Partition, "append", full)
        part = only(await client.ask(produce(ONE)))
        assert (part.error_code, part.error_message) == (E.KAFKA_STORAGE_ERROR, "[Errno 28] No space left on device")


def numbered(first: int, count: int = 1, *, epoch: int = 0, producer: int = 9) -> bytes:
    options = {"producer_id": producer, "producer_epoch": epoch, "base_sequence": first}
    return batch(*[b"x"] * count, **options)


async def test_a_batch_that_is_sent_again_is_appended_once_and_answered_as_before() -> None:
    async with running() as broker, connected(broker) as client:
        for first in range(0, 20, 2):
            assert only(await client.ask(produce(numbered(first, 2)))).base_offset == first
        for first in range(10, 20, 2):  # the last five are remembered
            assert only(await client.ask(produce(numbered(first, 2)))).base_offset == first
        assert partition(broker).storage.next_offset == 20


@pytest.mark.parametrize(
    ("records", "code"),
    [
        (numbered(5, epoch=2), E.OUT_OF_ORDER_SEQUENCE_NUMBER),
        (numbered(0, 2, epoch=2), E.OUT_OF_ORDER_SEQUENCE_NUMBER),
        (numbered(2, 2, epoch=2), E.OUT_OF_ORDER_SEQUENCE_NUMBER),
        (numbered(3, epoch=1), E.INVALID_PRODUCER_EPOCH),
        (numbered(1, epoch=3), E.OUT_OF_ORDER_SEQUENCE_NUMBER),
        (numbered(3, epoch=2), E.NONE),
        (numbered(0, epoch=3), E.NONE),
        (numbered(70, producer=8), E.NONE),
    ],
    ids=[
        "a gap",
        "begun alike",
        "an overlap",
        "an old epoch",
        "a new epoch, not from 0",
        "the next",
        "a new epoch",
        "a new producer",
    ],
)
async def test_a_gap_in_a_producers_numbers_is_refused(records: bytes, code: ErrorCode) -> None:
    async with running() as broker, connected(broker) as client:
        assert only(await client.ask(produce(numbered(0, 3, epoch=2)))).error_code == 0
        assert only(await client.ask(produce(records))).error_code == code
        assert partition(broker).storage.next_offset == (4 if code == E.NONE else 3)


async def test_sequence_numbers_begin_again_at_0_behind_the_last() -> None:
    last = (1 << 31) - 1
    async with running() as broker, connected(broker) as client:
        for records in (numbered(last), numbered(0), numbered(1)):
            assert only(await client.ask(produce(records))).error_code == 0
