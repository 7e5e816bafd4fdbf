"""A broker with a folder: what producers were told is there for the next one, however this one ended."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import confluent_kafka
import pytest
from disk_batches import files
from kafka_client import Client, batch, connected, fetch, only, partition, parts, produce, running

from patterns.purgatory import serve
from patterns.purgatory.disk import CorruptLog, FolderInUse
from patterns.purgatory.events import OtherEvents
from patterns.purgatory.groups.offsets import Committed
from patterns.wait.log import Log
from patterns.wire.kafka import ErrorCode, decode_records
from patterns.wire.kafka.apis.discovery import MetadataRequest
from patterns.wire.kafka.apis.topics import CreatableTopic, CreateTopicsRequest

BROKER = Path(__file__).with_name("disk_broker.py")


@contextmanager
def process(folder: Path, port: int = 0, handlers: str = "tasks") -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A broker that is killed at the end, and its port."""
    broker = subprocess.Popen(
        [sys.executable, BROKER, folder, str(port), handlers],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(BROKER.parents[2])},
    )
    try:
        assert broker.stdout is not None
        yield broker, int(broker.stdout.readline())
    finally:
        broker.kill()
        broker.communicate(timeout=30)
        assert broker.returncode == -signal.SIGKILL


async def values(client: Client, topic: str, number: int = 0) -> list[bytes | None]:
    """Everything in a partition."""
    answer = only(await client.ask(fetch({(topic, number): 0}, wait_ms=0)))
    assert answer.error_code == ErrorCode.NONE
    return [record.value for record in decode_records(answer.records)]


@pytest.mark.parametrize("segment_bytes", [1 << 20, 16 << 20], ids=["in memory", "in a folder"])
async def test_of_a_topic_as_much_is_kept_as_asked_for_and_all_of_the_events(tmp_path, segment_bytes) -> None:
    folder = {} if segment_bytes == 1 << 20 else {"folder": tmp_path}
    piece, retention_bytes = batch(b"x" * (segment_bytes // 4)), segment_bytes // 2
    async with running(retention_bytes=retention_bytes, **folder) as broker, connected(broker) as client:
        for _ in range(9):
            for topic in ("t", "events"):
                assert only(await client.ask(produce({(topic, 0): piece}))).error_code == ErrorCode.NONE
        kept, events = (partition(broker, topic=topic).storage for topic in ("t", "events"))
        assert kept.start_offset > 0 == events.start_offset
        assert retention_bytes <= kept.available(kept.start_offset) <= retention_bytes + segment_bytes
        assert events.available(0) >= 9 * segment_bytes // 4
        for offset, code in ((kept.start_offset - 1, ErrorCode.OFFSET_OUT_OF_RANGE), (kept.start_offset, 0)):
            assert only(await client.ask(fetch({("t", 0): offset}, wait_ms=0))).error_code == code


@pytest.mark.real_clock
@pytest.mark.parametrize("handlers", ["tasks", "threads"])
async def test_what_a_broker_has_acknowledged_to_all_survives_its_being_killed(tmp_path, handlers) -> None:
    partitions = [("a", 0), ("a", 1), ("b", 0), ("events", 0)]
    producers, told, under_way = b"xyz", 20, 10

    def value(producer: int, number: int) -> bytes:
        return b"%c%04d" % (producer, number) * (number + 1)

    with process(tmp_path, handlers=handlers) as (broker, port):
        clients = [Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in producers]
        topics = [CreatableTopic(name=name, num_partitions=n, replication_factor=1) for name, n in (("a", 2), ("b", 1))]
        await clients[0].ask(CreateTopicsRequest(topics=topics, timeout_ms=1000))
        for number in range(told + under_way):
            for producer, client in zip(producers, clients, strict=True):
                records = batch(value(producer, number))
                client.send(produce(dict.fromkeys(partitions, records), acks=-1))
        for _ in range(told):
            for client in clients:
                assert [part.error_code for part in parts(await client.answer())] == [ErrorCode.NONE] * 4
        broker.kill()
        for client in clients:
            client.close()
    with process(tmp_path) as (_, port):
        client = Client(*await asyncio.open_connection("127.0.0.1", port))
        for topic, number in partitions:
            found = await values(client, topic, number)
            for producer in producers:
                own = [one for one in found if one is not None and one[0] == producer]
                assert own == [value(producer, n) for n in range(len(own))]
                assert told <= len(own) <= told + under_way
        client.close()


def test_a_real_producer_goes_on_when_its_broker_was_killed_and_nothing_is_lost_or_doubled(tmp_path) -> None:
    told, sent = [], [b"%05d" % n for n in range(3000)]
    some = threading.Event()

    def delivered(error: object, message: confluent_kafka.Message) -> None:
        assert error is None
        told.append(message.value())
        if len(told) == 300:
            some.set()

    with process(tmp_path) as (broker, port):
        producer = confluent_kafka.Producer(
            {
                "bootstrap.servers": f"127.0.0.1:{port}",
                "acks": "all",
                "enable.idempotence": True,
                "batch.num.messages": 20,
                "linger.ms": 0,
                "reconnect.backoff.ms": 10,
                "reconnect.backoff.max.ms": 50,
                "retry.backoff.ms": 10,
                "log_level": 0,
            }
        )
        for value in sent:
            producer.produce("t", value, partition=0, on_delivery=delivered)
        while not some.is_set():
            producer.poll(0.1)
        broker.kill()
        assert len(told) < len(sent)
        broker.wait(timeout=30)
        with process(tmp_path, port):
            assert producer.flush(30) == 0
            assert told == sent
            consumer = confluent_kafka.Consumer(
                {"bootstrap.servers": f"127.0.0.1:{port}", "group.id": "g", "enable.auto.commit": False, "log_level": 0}
            )
            consumer.assign([confluent_kafka.TopicPartition("t", 0, 0)])
            found: list[bytes] = []
            while len(found) < len(sent):
                messages = consumer.consume(len(sent), timeout=5.0)
                assert messages
                found += [message.value() for message in messages]
            consumer.close()
    assert found == sent


async def test_the_next_broker_has_the_topics_the_events_and_what_groups_have_read(tmp_path) -> None:
    log = Log()
    log.append(b"before", 1.5)
    async with running({"t": 2, "idle": 1}, log, folder=tmp_path) as broker, connected(broker) as client:
        log.append(b"an event", 2.5)
        await client.ask(produce({("t", 1): batch(b"a", b"b")}, acks=-1))
        await client.ask(produce({("events", 0): batch(b"a record")}, acks=-1))
        broker.groups.offsets.commit("g", {("t", 1): Committed(2)})
        times_s = [event.time_s for event in log]
    again = Log()
    async with running({}, again, folder=tmp_path) as broker, connected(broker) as client:
        assert {name: len(partitions) for name, partitions in broker.topics.items()} == {"events": 1, "idle": 1, "t": 2}
        assert [event.payload for event in again] == [b"before", b"an event", b"a record"]
        assert [event.time_s for event in again] == times_s
        assert [await values(client, "t", n) for n in (0, 1)] == [[], [b"a", b"b"]]
        assert await values(client, "events") == [b"before", b"an event", b"a record"]
        assert broker.groups.offsets.of("g")[("t", 1)].offset == 2


async def test_a_log_that_goes_on_from_a_folder_is_longer_and_the_folder_has_it_then(tmp_path) -> None:
    log = Log()
    log.append(b"first", 1.0)
    async with running({}, log, folder=tmp_path):
        pass
    log.append(b"nobody served meanwhile", 2.0)
    async with running({}, log, folder=tmp_path):
        pass
    again = Log()
    async with running({}, again, folder=tmp_path):
        assert list(again) == list(log)


async def test_a_log_with_other_events_than_the_folder_s_is_refused_and_neither_changed(tmp_path) -> None:
    log, other = Log(), Log()
    for number, payload in enumerate((b"a", b"b", b"c")):
        log.append(payload, float(number))
        other.append(payload.upper() if number == 1 else payload, float(number))
    async with running({}, log, folder=tmp_path):
        pass
    other.append(b"D", 3.0)
    before = files(tmp_path / "events-0")
    with pytest.raises(OtherEvents) as caught:
        await serve(other, folder=tmp_path)
    assert str(caught.value) == (
        "expected the log's event 1 in topic events, got another one: b'b' at 1.0 s is kept there, and the log has "
        "b'B' at 1.0 s; serve a new Log, which is given what is kept, or choose another folder"
    )
    assert files(tmp_path / "events-0") == before
    assert (len(other), other.watchers) == (4, 0)


async def test_a_batch_sent_again_because_its_answer_was_lost_with_the_broker_is_appended_once(tmp_path) -> None:
    first, second = (batch(b"%d" % n, producer_id=7, producer_epoch=0, base_sequence=n) for n in range(2))
    async with running(folder=tmp_path) as broker, connected(broker) as client:
        await client.ask(produce(first, acks=-1))
        await client.ask(produce(second, acks=-1))
    async with running({}, folder=tmp_path) as broker, connected(broker) as client:
        again = only(await client.ask(produce(second, acks=-1)))
        assert (again.error_code, again.base_offset) == (ErrorCode.NONE, 1)
        assert await values(client, "t") == [b"0", b"1"]


async def test_what_the_disk_does_not_take_is_told_to_the_producer(tmp_path, monkeypatch) -> None:
    def full(descriptor: int, data: bytes, position: int) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    async with running(folder=tmp_path) as broker, connected(broker) as client:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", full)
            refused = only(await client.ask(produce(batch(b"a"), acks=-1)))
        assert refused.error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert only(await client.ask(produce(batch(b"b"), acks=-1))).base_offset == 0
        assert await values(client, "t") == [b"b"]


async def test_a_folder_is_one_cluster_whoever_serves_it(tmp_path) -> None:
    told = []
    for folder in (tmp_path / "one", tmp_path / "one", tmp_path / "other", None):
        async with running({}, folder=folder) as broker, connected(broker) as client:
            told.append((await client.ask(MetadataRequest(topics=()))).cluster_id)
    assert told[0] == told[1]
    assert len(set(told)) == 3
    (tmp_path / "one" / "cluster.id").write_bytes(told[0][:9].encode())  # cut off
    async with running({}, folder=tmp_path / "one") as broker, connected(broker) as client:
        assert (await client.ask(MetadataRequest(topics=()))).cluster_id not in {*told, told[0][:9]}


async def test_two_brokers_do_not_share_a_folder(tmp_path) -> None:
    async with running(folder=tmp_path):
        with pytest.raises(FolderInUse):
            await serve(Log(), folder=tmp_path)


@pytest.mark.real_clock
@pytest.mark.parametrize("threads", [False, True])
async def test_a_broker_that_cannot_read_its_folder_leaves_nothing_open(tmp_path, threads) -> None:
    async with running(folder=tmp_path) as broker, connected(broker) as client:
        await client.ask(produce(batch(b"a"), acks=-1))
        await client.ask(produce(batch(b"b"), acks=-1))
        port = broker.address.port
    ((name, whole),) = files(tmp_path / "t-0").items()
    (tmp_path / "t-0" / name).write_bytes(whole[:40] + b"?" + whole[41:])
    with pytest.raises(CorruptLog):
        await serve(Log(), port=port, folder=tmp_path, threads=threads)
    assert not [thread.name for thread in threading.enumerate() if "reaper" in thread.name]
    (tmp_path / "t-0" / name).write_bytes(whole)
    async with running({}, folder=tmp_path, port=port, threads=threads) as broker, connected(broker) as client:
        assert await values(client, "t") == [b"a", b"b"]
