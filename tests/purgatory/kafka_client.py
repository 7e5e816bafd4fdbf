"""What the broker's tests share: a client that says exactly what it is told to, and messages to say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from patterns.purgatory import Broker, serve
from patterns.purgatory.topics import Partition
from patterns.wait.log import Log
from patterns.wire.kafka import ALL, API_OF, Record, ResponseReader, Struct, encode_batch, encode_request
from patterns.wire.kafka.apis.fetch import FetchPartition, FetchRequest, FetchTopic
from patterns.wire.kafka.apis.produce import PartitionProduceData, ProduceRequest, TopicProduceData


class Client:
    """One connection. It numbers its requests from 0, and asks in the last version served, or in one it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.responses = ResponseReader()
        self.number = 0

    def send(self, message: Struct, version: int | None = None, *, is_answered: bool = True) -> None:
        api = API_OF[type(message)]
        version = ALL[api.key].last if version is None else version
        self.writer.write(encode_request(message, version, self.number, "test"))
        if is_answered:
            self.responses.expect(api.key, version, self.number)
        self.number += 1

    async def answer(self) -> Any:
        while (response := self.responses.next_response()) is None:
            data = await self.reader.read(1 << 20)
            assert data, "the broker hung up"
            self.responses.receive(data)
        return response.body

    async def ask(self, message: Struct, version: int | None = None) -> Any:
        self.send(message, version)
        return await self.answer()

    async def is_hung_up(self) -> bool:
        try:
            return await self.reader.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def connected(broker: Broker) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection(*broker.address))
    try:
        yield client
    finally:
        client.close()


@asynccontextmanager
async def running(
    topics: Mapping[str, int] | None = None, log: Log | None = None, **options: Any
) -> AsyncIterator[Broker]:
    """A broker with these topics, each with so many partitions; without any, one that is called t."""
    async with await serve(Log() if log is None else log, **options) as broker:
        for name, partitions in ({"t": 1} if topics is None else topics).items():
            broker.topics.make(name, partitions)
        yield broker


def partition(broker: Broker, number: int = 0, topic: str = "t") -> Partition:
    found = broker.topics.partition(topic, number)
    assert found is not None
    return found


def fetch(
    offsets: Mapping[tuple[str, int], int] | int = 0,
    *,
    wait_ms: int = 1000,
    min_bytes: int = 1,
    max_bytes: int = 1 << 20,
    partition_max_bytes: int = 1 << 20,
    **more: Any,
) -> FetchRequest:
    """Of topic t, partition 0, or of those that are given, from these offsets on."""
    asked: dict[str, list[FetchPartition]] = {}
    for (topic, number), offset in ({("t", 0): offsets} if isinstance(offsets, int) else offsets).items():
        part = FetchPartition(partition=number, fetch_offset=offset, partition_max_bytes=partition_max_bytes)
        asked.setdefault(topic, []).append(part)
    topics = [FetchTopic(topic=topic, partitions=parts) for topic, parts in asked.items()]
    return FetchRequest(max_wait_ms=wait_ms, min_bytes=min_bytes, max_bytes=max_bytes, topics=topics, **more)


def batch(*values: bytes, **options: Any) -> bytes:
    return encode_batch([Record(value, timestamp_ms=0) for value in values], **options)


def produce(
    records: Mapping[tuple[str, int], bytes | None] | bytes, *, acks: int = 1, timeout_ms: int = 1000, **more: Any
) -> ProduceRequest:
    """To topic t, partition 0, or to those that are given."""
    data: dict[str, list[PartitionProduceData]] = {}
    for (topic, number), field in ({("t", 0): records} if isinstance(records, bytes) else records).items():
        data.setdefault(topic, []).append(PartitionProduceData(index=number, records=field))
    topics = [TopicProduceData(name=name, partition_data=parts) for name, parts in data.items()]
    return ProduceRequest(acks=acks, timeout_ms=timeout_ms, topic_data=topics, **more)


def parts(answer: Any) -> list[Any]:
    """A fetch's or a produce's answer, partition by partition."""
    return [
        part
        for topic in answer.responses
        for part in (topic.partitions if hasattr(topic, "partitions") else topic.partition_responses)
    ]


def only(answer: Any) -> Any:
    (part,) = parts(answer)
    return part


class Steps:
    """What a broker has told of, from whichever thread; `await steps.reached("parked", 20)`."""

    def __init__(self, broker: Broker) -> None:
        self.counts: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()
        broker.on_step = lambda what, *who: self._loop.call_soon_threadsafe(self._note, what)

    def _note(self, what: str) -> None:
        self.counts[what] += 1
        self._more.set()

    async def reached(self, what: str, count: int) -> None:
        while self.counts[what] < count:
            self._more.clear()
            await self._more.wait()
