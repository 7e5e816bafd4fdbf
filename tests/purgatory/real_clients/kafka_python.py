"""kafka-python. It blocks, so each consumer has a thread of its own."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Sequence
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it reads its tables with importlib.resources.read_text
    import kafka
    import kafka.admin

from real_clients.shape import BACKOFF_MS, HEARTBEAT_MS, LIMIT_S, SESSION_MS, Got, OwnThread, Partition, Reader


class KafkaPythonReader(OwnThread):
    poll_s = 0.5  # 3.0.12 may hang for good if its poll ends again and again in the middle of a rebalance

    def __init__(
        self, address: str, topics: Sequence[str], group: str | None, name: str | None, fetching: dict[str, int]
    ) -> None:
        super().__init__()
        self.topics_wanted, self.of_topic = topics, kafka.TopicPartition
        names = {"max_wait_ms": "fetch_max_wait_ms", "min_bytes": "fetch_min_bytes"}
        self.settings: dict[str, Any] = {
            "bootstrap_servers": address,
            "group_id": group,
            "group_instance_id": name,
            "auto_offset_reset": "earliest",
            "session_timeout_ms": SESSION_MS,
            "heartbeat_interval_ms": HEARTBEAT_MS,
            "retry_backoff_ms": BACKOFF_MS,
            "reconnect_backoff_ms": BACKOFF_MS,
            "reconnect_backoff_max_ms": BACKOFF_MS,
            "partition_assignment_strategy": [kafka.coordinator.assignors.range.RangePartitionAssignor],
            **{names[key]: value for key, value in fetching.items()},
        }

    async def start(self) -> None:
        self.consumer = await self.call(kafka.KafkaConsumer, **self.settings)
        if self.topics_wanted:
            await self.call(self.consumer.subscribe, list(self.topics_wanted))

    async def topics(self) -> set[str]:
        return set(await self.call(self.consumer.topics))

    async def ends(self, partition: Partition) -> tuple[int, int]:
        where = self.of_topic(*partition)
        first = await self.call(self.consumer.beginning_offsets, [where])
        last = await self.call(self.consumer.end_offsets, [where])
        return first[where], last[where]

    async def assign(self, *partitions: Partition) -> None:
        await self.call(self.consumer.assign, [self.of_topic(*each) for each in partitions])

    async def assigned(self) -> set[Partition]:
        return {(each.topic, each.partition) for each in await self.call(self.consumer.assignment)}

    async def seek(self, partition: Partition, offset: int) -> None:
        await self.call(self.consumer.seek, self.of_topic(*partition), offset)

    async def poll(self, wait_s: float) -> list[Got]:
        came = await self.call(self.consumer.poll, timeout_ms=round(wait_s * 1000))
        return [Got((each.topic, each.partition), each.offset, each.value) for part in came.values() for each in part]

    async def commit(self) -> None:
        await self.call(self.consumer.commit)

    async def stop(self) -> None:
        await self.call(self.consumer.close)
        self.end()


class KafkaPython:
    name = "kafka-python"

    def reader(
        self, address: str, *topics: str, group: str | None = None, name: str | None = None, **fetching: int
    ) -> Reader:
        return KafkaPythonReader(address, topics, group, name, fetching)

    async def write(self, address: str, *records: tuple[Partition, bytes]) -> list[int]:
        def write() -> list[int]:
            producer = kafka.KafkaProducer(bootstrap_servers=address)
            sent = [producer.send(topic, value, partition=number) for (topic, number), value in records]
            offsets = [each.get(LIMIT_S).offset for each in sent]
            producer.close()
            return offsets

        return await asyncio.to_thread(write)

    async def create(self, address: str, topic: str, partitions: int) -> None:
        def create() -> None:
            admin = kafka.admin.KafkaAdminClient(bootstrap_servers=address)
            admin.create_topics([kafka.admin.NewTopic(topic, partitions, 1)])
            admin.close()

        await asyncio.to_thread(create)
