"""OffsetCommit and OffsetFetch: a group notes how far it has read, and finds it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patterns.purgatory.groups.group import Group
from patterns.purgatory.groups.hold import Answer
from patterns.purgatory.groups.offsets import Committed, CommittedOffsets, Partition
from patterns.purgatory.groups.rebalance import Rebalances
from patterns.purgatory.groups.registry import Groups
from patterns.purgatory.groups.states import GroupState
from patterns.wire.kafka import ErrorCode, Request
from patterns.wire.kafka.apis.groups import (
    OffsetCommitRequestPartition,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)

E, S = ErrorCode, GroupState
NO_OFFSET = -1


class Commits:
    """The two apis of committed offsets; see `GroupCoordinator` for the settings."""

    def __init__(
        self,
        groups: Groups,
        rebalances: Rebalances,
        offsets: CommittedOffsets,
        has_partition: Callable[[str, int], bool],
        max_metadata: int,
    ) -> None:
        self._groups = groups
        self._rebalances = rebalances
        self._offsets = offsets
        self._has_partition = has_partition
        self._max_metadata = max_metadata

    def offset_commit(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Note how far has been read: a member of this generation may, or anybody of a group without members."""
        body: Any = request.body
        noted: dict[Partition, Committed] = {}
        with self._groups.held(body.group_id, now_ms, create=body.generation_id_or_member_epoch < 0) as group:
            code = E.ILLEGAL_GENERATION if group is None else self._commit_refusal(group, body)
            topics = tuple(
                OffsetCommitResponseTopic(
                    name=topic.name,
                    partitions=tuple(
                        OffsetCommitResponsePartition(
                            partition_index=each.partition_index,
                            error_code=code or self._note(noted, topic.name, each),
                        )
                        for each in topic.partitions
                    ),
                )
                for topic in body.topics
            )
            self._offsets.commit(body.group_id, noted)
        answer(OffsetCommitResponse(topics=topics))

    def _commit_refusal(self, group: Group, body: Any) -> ErrorCode:
        generation_id = body.generation_id_or_member_epoch
        if group.state is S.EMPTY and generation_id < 0:
            return E.NONE  # somebody who shares out by hand, and only notes offsets here
        code = group.refusal(body.member_id, body.group_instance_id, generation_id)
        if not code and group.state is S.COMPLETING_REBALANCE:
            return E.REBALANCE_IN_PROGRESS
        if not code:
            self._rebalances.keep_alive(group, group.members[body.member_id])
        return code

    def _note(self, noted: dict[Partition, Committed], topic: str, part: OffsetCommitRequestPartition) -> ErrorCode:
        metadata = part.committed_metadata or ""
        if len(metadata) > self._max_metadata:
            return E.OFFSET_METADATA_TOO_LARGE
        if not self._has_partition(topic, part.partition_index):
            return E.UNKNOWN_TOPIC_OR_PARTITION
        noted[topic, part.partition_index] = Committed(part.committed_offset, part.committed_leader_epoch, metadata)
        return E.NONE

    def offset_fetch(self, request: Request, answer: Answer, now_ms: int) -> None:
        """How far has been read; anybody may know."""
        body: Any = request.body
        committed = self._offsets.of(body.group_id)
        asked: dict[str, list[int]] = {}
        if body.topics is None:
            for topic, number in committed:
                asked.setdefault(topic, []).append(number)
        else:
            asked = {each.name: list(each.partition_indexes) for each in body.topics}
        answer(
            OffsetFetchResponse(
                topics=tuple(
                    OffsetFetchResponseTopic(
                        name=topic,
                        partitions=tuple(_noted(number, committed.get((topic, number))) for number in numbers),
                    )
                    for topic, numbers in asked.items()
                )
            )
        )


def _noted(number: int, noted: Committed | None) -> OffsetFetchResponsePartition:
    offset, leader_epoch, metadata = noted or Committed(NO_OFFSET)
    return OffsetFetchResponsePartition(
        partition_index=number, committed_offset=offset, committed_leader_epoch=leader_epoch, metadata=metadata
    )
