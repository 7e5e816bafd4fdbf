"""Fetch, the long poll: answered when `min_bytes` are there, or when `max_wait_ms` are over, whichever comes first.

The problem: a consumer that has read everything asks again and again. The assumption: it says itself how much is worth
an answer, and how long it can do without one. The bargain: its question is put aside, a few hundred bytes and no task,
under every partition it asks about, and looked at again whenever one of them has got something; what it is answered is
read from the log at the end, not kept for it, so that a time-out brings what there is, and is no error.

Questions that are the same, which those of many consumers of one topic are, are one object here: the answer is read
and encoded for the first of them, and the others get the same bytes behind their own correlation ids.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakValueDictionary

from patterns.purgatory.reaper import Reaper
from patterns.purgatory.replies import Reply
from patterns.purgatory.topics import LEADER_EPOCH, Partition, Topics
from patterns.wait.delayed_operation import DelayedOperation, Purgatory
from patterns.wire.kafka import ErrorCode, Request, encode_response
from patterns.wire.kafka.apis.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData

MOST_BYTES = 55 << 20  # of one answer, unless its first batch has more (fetch.max.bytes)
HEAD_BYTES = 8  # of a response: its length and its correlation id


class Part(NamedTuple):
    """What is asked of one partition; `partition` None if there is none of that name."""

    topic: str
    number: int
    partition: Partition | None
    offset: int
    max_bytes: int
    leader_epoch: int

    @property
    def error(self) -> ErrorCode:
        """What is wrong with it now, if anything."""
        if self.partition is None:
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if self.leader_epoch > LEADER_EPOCH:
            return ErrorCode.UNKNOWN_LEADER_EPOCH
        return ErrorCode.NONE if self.partition.holds(self.offset) else ErrorCode.OFFSET_OUT_OF_RANGE


class Question:
    """What a fetch asks; the same object for all who ask the same."""

    __slots__ = (
        *("__weakref__", "_answer", "_only", "_readiness", "max_bytes", "max_wait_ms", "min_bytes", "partitions"),
        *("parts", "version"),
    )

    def __init__(self, request: FetchRequest, version: int, topics: Topics) -> None:
        self.version = version
        self.max_wait_ms = request.max_wait_ms
        self.max_bytes = max(0, min(request.max_bytes, MOST_BYTES))
        self.min_bytes = min(request.min_bytes, self.max_bytes)
        self.parts = tuple(
            Part(
                topic.topic,
                each.partition,
                topics.partition(topic.topic, each.partition),
                each.fetch_offset,
                max(0, each.partition_max_bytes),
                each.current_leader_epoch,
            )
            for topic in request.topics
            for each in topic.partitions
        )
        self.partitions = tuple(part.partition for part in self.parts if part.partition is not None)
        """What it waits for."""
        self._only = self.partitions[0] if len(self.partitions) == 1 else None
        self._readiness: tuple[int, bool] = (-1, False)
        self._answer: tuple[int, bytes] = (-1, b"")

    def is_ready(self) -> bool:
        """Whether there is an answer now: enough bytes in all, or something that waiting will not mend."""
        only = self._only
        changes = self._changes() if only is None else only.changes
        seen, is_ready = self._readiness
        if seen != changes:
            is_ready = self._is_ready()
            self._readiness = changes, is_ready
        return is_ready

    def encoded(self) -> bytes:
        """The answer as the log has it now, behind the correlation id."""
        changes = self._changes()
        seen, answer = self._answer
        if seen != changes:
            answer = encode_response(self._read(), self.version, 0)[HEAD_BYTES:]
            self._answer = changes, answer
        return answer

    def _changes(self) -> int:
        """Counts what has changed in what it asks about."""
        if self._only is not None:  # as most do
            return self._only.changes
        return sum([partition.changes for partition in self.partitions])

    def _is_ready(self) -> bool:
        size_bytes = 0
        for part in self.parts:
            if part.partition is not None:
                if part.error:
                    return True
                size_bytes += part.partition.available(part.offset, part.max_bytes)
        return size_bytes >= self.min_bytes

    def _read(self) -> FetchResponse:
        room = self.max_bytes
        is_first = True
        responses: dict[str, list[PartitionData]] = {}
        for part in self.parts:
            data, room, is_first = self._read_part(part, room, is_first)
            responses.setdefault(part.topic, []).append(data)
        topics = [FetchableTopicResponse(topic=topic, partitions=parts) for topic, parts in responses.items()]
        return FetchResponse(responses=topics)

    def _read_part(self, part: Part, room: int, is_first: bool) -> tuple[PartitionData, int, bool]:
        """One partition's data, the room that is left, and whether there was none before (KIP-74)."""
        error = part.error
        if part.partition is None or error:
            return part_data(part, error), room, is_first
        limit = min(room, part.max_bytes)
        records = b""
        try:
            if is_first or limit > 0:
                records = part.partition.read(part.offset, limit)
        except LookupError:  # forgotten in between, by another thread's append
            return part_data(part, ErrorCode.OFFSET_OUT_OF_RANGE), room, is_first
        if len(records) > limit and not is_first:
            records = b""
        return part_data(part, ErrorCode.NONE, records), max(0, room - len(records)), is_first and not records


def part_data(part: Part, error: ErrorCode, records: bytes = b"") -> PartitionData:
    """The answer for one partition."""
    high_watermark = start_offset = -1
    if part.partition is not None and not error:
        high_watermark, start_offset = part.partition.high_watermark, part.partition.storage.start_offset
    return PartitionData(
        partition_index=part.number,
        error_code=error,
        high_watermark=high_watermark,
        last_stable_offset=high_watermark,  # no transactions: everything is stable
        log_start_offset=start_offset,
        records=records,
    )


class DelayedFetch(DelayedOperation):
    """A fetch that waits. Its client may be gone: nobody looks for that before the answer is sent."""

    __slots__ = ("question", "reply")

    def __init__(self, question: Question, reply: Reply) -> None:
        super().__init__(question.max_wait_ms)
        self.question: Question | None = question
        self.reply = reply

    def try_complete(self) -> bool:
        """Is there enough?"""
        return self.question is not None and self.question.is_ready() and self.force_complete()

    def on_complete(self) -> None:
        """Have it answered; the log is read when the answer is sent."""
        reply = self.reply
        step = reply.connection.network.step
        if step is not None:
            step("completed", reply)
        if self.question is not None:
            reply(self.question)
            self.question = None  # this may lie under its other keys for a while; the answer's bytes shall not

    def on_expiration(self) -> None:
        """It was time that did it."""
        step = self.reply.connection.network.step
        if step is not None:
            step("expired", self.reply)


class Fetches:
    """The api handler of Fetch, with the purgatory of those that wait."""

    def __init__(self, topics: Topics, purgatory: Purgatory, reaper: Reaper) -> None:
        self.purgatory = purgatory
        self._topics = topics
        self._reaper = reaper
        self._questions: WeakValueDictionary[tuple[int, int, FetchRequest], Question] = WeakValueDictionary()

    def __call__(self, request: Request, reply: Reply, now_ms: int) -> None:
        """Answer at once if there is an answer, or nothing to wait for; otherwise park it."""
        body = request.body
        assert isinstance(body, FetchRequest)
        if body.session_id:
            reply(FetchResponse(error_code=ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses=()))
            return
        key = (request.api_version, self._topics.changes, body)
        question = self._questions.get(key)
        if question is None:
            question = self._questions[key] = Question(body, request.api_version, self._topics)
        partitions = question.partitions
        if question.max_wait_ms <= 0 or not partitions or question.is_ready():
            reply(question)
            return
        step = reply.connection.network.step
        if not self.purgatory.try_complete_else_watch(DelayedFetch(question, reply), partitions, now_ms):
            if step is not None:
                step("parked", reply)
            self._reaper.parked()

    def appended(self, partition: Partition) -> None:
        """There is more to read in it: answer those for whom it is enough."""
        self.purgatory.check_and_complete(partition)
