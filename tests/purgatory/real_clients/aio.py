"""aiokafka, on the test's loop."""

from __future__ import annotations

from collections.abc import Sequence

import aiokafka
import aiokafka.admin
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from real_clients.shape import BACKOFF_MS, HEARTBEAT_MS, SESSION_MS, Got, Partition, Reader


class AioKafkaReader:
    poll_s = 0.1

    def __init__(
        self, address: str, topics: Sequence[str], group: str | None, name: str | None, fetching: dict[str, int]
    ) -> None:
        names = {"max_wait_ms": "fetch_max_wait_ms", "min_bytes": "fetch_min_bytes"}
        self.consumer = aiokafka.AIOKafkaConsumer(
            *topics,
            bootstrap_servers=address,
            group_id=group,
            group_instance_id=name,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            retry_backoff_ms=BACKOFF_MS,
            partition_assignment_strategy=(RangePartitionAssignor,),
            **{names[key]: value for key, value in fetching.items()},
        )

    async def start(self) -> None:
        await self.consumer.start()

    async def topics(self) -> set[str]:
        return set(await self.consumer.topics())

    async def ends(self, partition: Partition) -> tuple[int, int]:
        where = aiokafka.TopicPartition(*partition)
        first = await self.consumer.beginning_offsets([where])
        return first[where], (await self.consumer.end_offsets([where]))[where]

    async def assign(self, *partitions: Partition) -> None:
        self.consumer.assign([aiokafka.TopicPartition(*each) for each in partitions])

    async def assigned(self) -> set[Partition]:
        return {(each.topic, each.partition) for each in self.consumer.assignment()}

    async def seek(self, partition: Partition, offset: int) -> None:
        self.consumer.seek(aiokafka.TopicPartition(*partition), offset)

    async def poll(self, wait_s: float) -> list[Got]:
        came = await self.consumer.getmany(timeout_ms=round(wait_s * 1000))
        return [Got((each.topic, each.partition), each.offset, each.value) for part in came.values() for each in part]

    async def commit(self) -> None:
        await self.consumer.commit()

    async def stop(self) -> None:
        await self.consumer.stop()


class AioKafka:
    name = "aiokafka"

    def reader(
        self, address: str, *topics: str, group: str | None = None, name: str | None = None, **fetching: int
    ) -> Reader:
        return AioKafkaReader(address, topics, group, name, fetching)

    async def write(self, address: str, *records: tuple[Partition, bytes]) -> list[int]:
        async with aiokafka.AIOKafkaProducer(bootstrap_servers=address) as producer:
            sent = [await producer.send(topic, value, partition=number) for (topic, number), value in records]
            return [(await each).offset for each in sent]

    async def create(self, address: str, topic: str, partitions: int) -> None:
        admin = aiokafka.admin.AIOKafkaAdminClient(bootstrap_servers=address)
        await admin.start()
        await admin.create_topics([aiokafka.admin.NewTopic(topic, partitions, 1)])
        await admin.close()
