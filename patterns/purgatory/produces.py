"""Produce: append, and answer when as many have it as the producer wants to be sure of.

The problem: "appended" may mean: on its way, with the leader, or with every replica, and the last takes time.
The assumption: the producer says which it wants (`acks`), and how long it will wait. The bargain: who wants all waits
in a purgatory of its own, until the high watermark has passed what was appended; what is missing when the time is
over is reported as timed out, though it may still come.

What an append sets free, fetches and produces, is not tried inside of it: that is queued, and done at the end of the
handling (`Actions`), when the answer of whoever appended is under way already.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from patterns.purgatory.reaper import Reaper
from patterns.purgatory.replies import HangUp, Reply
from patterns.purgatory.sequences import SequenceError
from patterns.purgatory.topics import Partition, Topics
from patterns.wait.delayed_operation import DelayedOperation, Purgatory
from patterns.wire.kafka import ErrorCode, InvalidBatch, RecordsError, Request, produced_batches
from patterns.wire.kafka.apis.produce import (
    PartitionProduceData,
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)

NO_ACKS, LEADER, ALL = 0, 1, -1

Action = Callable[[], object]


class Actions:
    """What is to be done at the end of a handling, by whichever handler comes first."""

    def __init__(self, failed: Callable[[Exception], object]) -> None:
        self._failed = failed
        self._actions: deque[Action] = deque()

    def add(self, action: Action) -> None:
        """Do it later."""
        self._actions.append(action)

    def try_complete(self) -> None:
        """Do what is there now, not what that adds; one that raises does not stop the next."""
        for _ in range(len(self._actions)):
            try:
                action = self._actions.popleft()
            except IndexError:  # another handler was here
                return
            try:
                action()
            except Exception as error:
                self._failed(error)


class Outcome(NamedTuple):
    """What became of one partition's batch; `required`: what the high watermark has to reach, where it went well."""

    topic: str
    answer: PartitionProduceResponse
    partition: Partition | None = None
    required: int = 0

    @property
    def is_replicated(self) -> bool:
        """Whether there is nothing to wait for: every replica has it, or it was refused."""
        return self.partition is None or self.partition.high_watermark >= self.required

    def at_last(self) -> PartitionProduceResponse:
        """The answer for it when time is up."""
        if self.is_replicated:
            return self.answer
        return self.answer.replace(error_code=ErrorCode.REQUEST_TIMED_OUT, base_offset=-1)


def response(outcomes: tuple[Outcome, ...], *, acks: int) -> ProduceResponse:
    """The answer for all partitions now."""
    topics: dict[str, list[PartitionProduceResponse]] = {}
    for outcome in outcomes:
        answer = outcome.at_last() if acks == ALL else outcome.answer
        topics.setdefault(outcome.topic, []).append(answer)
    return ProduceResponse(
        responses=[TopicProduceResponse(name=name, partition_responses=parts) for name, parts in topics.items()]
    )


class DelayedProduce(DelayedOperation):
    """A produce with acks=all that waits for the replicas."""

    __slots__ = ("outcomes", "reply")

    def __init__(self, outcomes: tuple[Outcome, ...], timeout_ms: int, reply: Reply) -> None:
        super().__init__(timeout_ms)
        self.outcomes = outcomes
        self.reply = reply

    def try_complete(self) -> bool:
        """Have all replicas all of it?"""
        return all(outcome.is_replicated for outcome in self.outcomes) and self.force_complete()

    def on_complete(self) -> None:
        """Answer, with a time-out where there is something missing."""
        step = self.reply.connection.network.step
        if step is not None:
            step("completed", self.reply)
        self.reply(response(self.outcomes, acks=ALL))

    def on_expiration(self) -> None:
        """It was time that did it."""
        step = self.reply.connection.network.step
        if step is not None:
            step("expired", self.reply)


class Produces:
    """The api handler of Produce, with the purgatory of those that wait for replicas.

    appended: called with each partition that has just got a batch.
    """

    def __init__(
        self, topics: Topics, purgatory: Purgatory, reaper: Reaper, appended: Callable[[Partition], object]
    ) -> None:
        self.purgatory = purgatory
        self._topics = topics
        self._reaper = reaper
        self._appended = appended

    def __call__(self, request: Request, reply: Reply, now_ms: int) -> None:
        """Append what can be appended; answer, or wait for the replicas."""
        body = request.body
        assert isinstance(body, ProduceRequest)
        outcomes = tuple(
            self._append(body, topic.name, data) for topic in body.topic_data for data in topic.partition_data
        )
        appended = tuple(outcome.partition for outcome in outcomes if outcome.partition is not None)
        for partition in appended:
            self._appended(partition)
        if body.acks == NO_ACKS:
            if len(appended) < len(outcomes):
                raise HangUp  # there is no other way to tell a producer that wants no answer
            reply(None)
        elif body.acks == ALL and appended:
            operation = DelayedProduce(outcomes, body.timeout_ms, reply)
            if not self.purgatory.try_complete_else_watch(operation, appended, now_ms):
                step = reply.connection.network.step
                if step is not None:
                    step("parked", reply)
                self._reaper.parked()
        else:
            reply(response(outcomes, acks=body.acks))

    def replicated(self, partition: Partition) -> None:
        """Its high watermark has risen: answer those who waited for that."""
        self.purgatory.check_and_complete(partition)

    def _append(self, request: ProduceRequest, topic: str, data: PartitionProduceData) -> Outcome:
        partition = self._topics.partition(topic, data.index)
        if request.acks not in {NO_ACKS, LEADER, ALL}:
            mend = f"expected acks -1, 0 or 1, got {request.acks}; choose one of them"
            return _refused(topic, data.index, ErrorCode.INVALID_REQUIRED_ACKS, mend)
        if request.transactional_id is not None:
            mend = "expected no transactional id: there are no transactions here; leave it out"
            return _refused(topic, data.index, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, mend)
        if partition is None:
            mend = f"expected a partition that is there, got {topic}-{data.index}; ask for Metadata, or CreateTopics"
            return _refused(topic, data.index, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, mend)
        try:
            batch, *others = produced_batches(data.records)
            if others:
                got = f"{1 + len(others)} of them"
                raise InvalidBatch("one batch for a partition", got, "send the next in another request")
            base_offset = partition.append(data.records or b"", batch)
        except (RecordsError, SequenceError) as error:
            return _refused(topic, data.index, error.code, str(error))
        except OSError as error:
            return _refused(topic, data.index, ErrorCode.KAFKA_STORAGE_ERROR, str(error))
        answer = PartitionProduceResponse(
            index=data.index, base_offset=base_offset, log_start_offset=partition.storage.start_offset
        )
        return Outcome(topic, answer, partition, base_offset + batch.record_count)


def _refused(topic: str, index: int, code: ErrorCode, why: str) -> Outcome:
    return Outcome(
        topic, PartitionProduceResponse(index=index, error_code=code, base_offset=-1, error_message=why[:1000])
    )
