"""librdkafka, as confluent-kafka wraps it. It blocks, so each consumer has a thread of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import confluent_kafka
import confluent_kafka.admin

from real_clients.shape import BACKOFF_MS, HEARTBEAT_MS, LIMIT_S, SESSION_MS, Got, OwnThread, Partition, Reader


class LibrdkafkaReader(OwnThread):
    poll_s = 0.1

    def __init__(
        self, address: str, topics: Sequence[str], group: str | None, name: str | None, fetching: dict[str, int]
    ) -> None:
        super().__init__()
        self.topics_wanted, self.group = topics, group
        names = {"max_wait_ms": "fetch.wait.max.ms", "min_bytes": "fetch.min.bytes"}
        self.settings: dict[str, Any] = {
            "bootstrap.servers": address,
            "group.id": group or "none",
            "enable.auto.commit": group is not None,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": SESSION_MS,
            "heartbeat.interval.ms": HEARTBEAT_MS,
            "reconnect.backoff.ms": BACKOFF_MS,
            "reconnect.backoff.max.ms": BACKOFF_MS,
            "retry.backoff.ms": BACKOFF_MS,
            "partition.assignment.strategy": "range",
            "logger": logging.getLogger("kafka"),
            **({"group.instance.id": name} if name else {}),
            **{names[key]: value for key, value in fetching.items()},
        }

    async def start(self) -> None:
        self.consumer = await self.call(confluent_kafka.Consumer, self.settings)
        if self.topics_wanted:
            await self.call(self.consumer.subscribe, list(self.topics_wanted))

    async def topics(self) -> set[str]:
        return set((await self.call(self.consumer.list_topics, timeout=LIMIT_S)).topics)

    async def ends(self, partition: Partition) -> tuple[int, int]:
        where = confluent_kafka.TopicPartition(*partition)
        ends: tuple[int, int] = await self.call(self.consumer.get_watermark_offsets, where, LIMIT_S)
        return ends

    async def assign(self, *partitions: Partition) -> None:
        await self.call(self.consumer.assign, [confluent_kafka.TopicPartition(*each, 0) for each in partitions])

    async def assigned(self) -> set[Partition]:
        return {(each.topic, each.partition) for each in await self.call(self.consumer.assignment)}

    async def seek(self, partition: Partition, offset: int) -> None:
        await self.call(self.consumer.seek, confluent_kafka.TopicPartition(*partition, offset))

    async def poll(self, wait_s: float) -> list[Got]:
        came = await self.call(self.consumer.poll, wait_s)
        if came is None or came.error():  # a broker that is away is an error of one poll
            return []
        return [Got((came.topic(), came.partition()), came.offset(), came.value())]

    async def commit(self) -> None:
        await self.call(self.consumer.commit, asynchronous=False)

    async def stop(self) -> None:
        await self.call(self.consumer.close)
        self.end()


class Librdkafka:
    name = "librdkafka"

    def reader(
        self, address: str, *topics: str, group: str | None = None, name: str | None = None, **fetching: int
    ) -> Reader:
        return LibrdkafkaReader(address, topics, group, name, fetching)

    async def write(self, address: str, *records: tuple[Partition, bytes]) -> list[int]:
        def write() -> list[int]:
            producer = confluent_kafka.Producer({"bootstrap.servers": address})
            offsets: dict[int, int] = {}

            def noted(at: int) -> Callable[[Any, Any], None]:
                def note(error: Any, message: Any) -> None:
                    assert error is None, error
                    offsets[at] = message.offset()

                return note

            for at, ((topic, number), value) in enumerate(records):
                producer.produce(topic, value, partition=number, on_delivery=noted(at))
            assert producer.flush(LIMIT_S) == 0
            return [offsets[at] for at in range(len(records))]

        return await asyncio.to_thread(write)

    async def create(self, address: str, topic: str, partitions: int) -> None:
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": address})
        made = admin.create_topics([confluent_kafka.admin.NewTopic(topic, partitions, 1)])
        await asyncio.to_thread(made[topic].result, LIMIT_S)
