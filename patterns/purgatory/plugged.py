"""Somebody else's fetches in place of ours: what holds them is given to the broker, and real clients try it.

    class FetchPurgatory:
        def __init__(self, log): ...                                # log.read("t-0", 17) → bytes from offset 17 on
        async def fetch(self, partitions, min_bytes, max_wait_ms)   # {"t-0": 17} → {"t-0": bytes}, at once or later
        def appended(self, partition)                               # "t-0" has got something

A fetch costs a task here: the broker awaits it, and then answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from patterns.purgatory.fetches import MOST_BYTES, Part, Question, part_data
from patterns.purgatory.replies import Reply
from patterns.purgatory.topics import Partition, Topics
from patterns.wire.kafka import Request
from patterns.wire.kafka.apis.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData


class HoldsFetches(Protocol):
    """What can be plugged in."""

    async def fetch(self, partitions: dict[str, int], min_bytes: int, max_wait_ms: int) -> Mapping[str, bytes]:
        """The batches from these offsets on: when there are `min_bytes`, or after `max_wait_ms`, what there is."""

    def appended(self, partition: str) -> object:
        """There is more to read in that partition."""


class Reading:
    """The partitions by their names, to be read."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def read(self, partition: str, offset: int) -> bytes:
        """The batches of a partition from that offset on; b"" at its end. `LookupError` if there is no such."""
        topic, _, number = partition.rpartition("-")
        found = self._topics.partition(topic, int(number)) if number.isdecimal() else None
        if found is None:
            raise LookupError(f"expected a partition such as {_some(self._topics)!r}, got {partition!r}")
        return found.read(offset, MOST_BYTES)


HoldFetches = Callable[[Reading], HoldsFetches]
"""Makes it, given what can be read."""


class PluggedFetches:
    """The api handler of Fetch that asks what was plugged in.

    report: is told of what that raises; then the client's connection is closed.
    """

    def __init__(self, make: HoldFetches, topics: Topics, report: Callable[[str, BaseException], object]) -> None:
        self.holds = make(Reading(topics))
        self._topics = topics
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> int:
        """How many fetches are held."""
        return len(self._tasks)

    def __call__(self, request: Request, reply: Reply, now_ms: int) -> None:
        """Have what can be fetched fetched; what is unknown or out of range is answered as always."""
        body = request.body
        assert isinstance(body, FetchRequest)
        question = Question(body, request.api_version, self._topics)
        asked = {part.partition.name: part.offset for part in question.parts if part.partition is not None}
        if not asked or any(part.error for part in question.parts if part.partition is not None):
            reply(question)
            return
        task = self._loop.create_task(self._fetch(question, asked, reply), name=f"fetch {reply.number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if (step := reply.connection.network.step) is not None:
            step("parked", reply)

    def appended(self, partition: Partition) -> None:
        """Tell it."""
        self.holds.appended(partition.name)

    async def stop(self) -> None:
        """Cancel what is held, and wait until it has ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _fetch(self, question: Question, asked: dict[str, int], reply: Reply) -> None:
        try:
            found: Any = await self.holds.fetch(asked, question.min_bytes, question.max_wait_ms)
            if not isinstance(found, Mapping) or not all(isinstance(each, bytes) for each in found.values()):
                raise TypeError(f"expected fetch() to return a dict of bytes by partition, got {found!r:.200}")
        except Exception as error:
            self._report(f"the fetch for {reply} failed", error)
            reply.connection.hang_up(reply)
            return
        if (step := reply.connection.network.step) is not None:
            step("completed", reply)
        topics: dict[str, list[PartitionData]] = {}
        for part in question.parts:
            topics.setdefault(part.topic, []).append(_part_data(part, found))
        reply(
            FetchResponse(
                responses=[FetchableTopicResponse(topic=name, partitions=parts) for name, parts in topics.items()]
            )
        )


def _part_data(part: Part, found: Mapping[str, bytes]) -> PartitionData:
    records = found.get(part.partition.name, b"") if part.partition is not None else b""
    return part_data(part, part.error, records)


def _some(topics: Topics) -> str:
    return next(partitions[0].name for partitions in topics.values())
