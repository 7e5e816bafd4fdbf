"""What the tests of the group coordinator share: one with a clock that is set by hand, and who asks it things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from patterns.purgatory.groups import GroupCoordinator
from patterns.wait.delayed_operation import Purgatory
from patterns.wire.kafka import API_OF, ErrorCode, Request, Struct
from patterns.wire.kafka.apis import groups
from patterns.wire.kafka.apis.discovery import MetadataResponseBroker
from patterns.wire.kafka.apis.groups import (
    HeartbeatRequest,
    JoinGroupRequest,
    JoinGroupRequestProtocol,
    JoinGroupResponse,
    JoinGroupResponseMember,
    LeaveGroupRequest,
    MemberIdentity,
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetFetchRequest,
    OffsetFetchRequestTopic,
    SyncGroupRequest,
    SyncGroupRequestAssignment,
    SyncGroupResponse,
)

BROKER = MetadataResponseBroker(node_id=7, host="here", port=9092)
SESSION_MS, REBALANCE_MS = 10_000, 30_000


class Asked:
    """A request, and what came of it; `then` is called with each answer."""

    def __init__(self, body: Struct) -> None:
        self.body = body
        self.answers: list[Struct | None] = []
        self.then: Callable[[Any], object] = lambda answer: None

    def take(self, answer: Struct | None) -> None:
        self.answers.append(answer)
        self.then(answer)

    @property
    def is_parked(self) -> bool:
        return not self.answers

    @property
    def answer(self) -> Any:
        (answer,) = self.answers
        return answer

    @property
    def error(self) -> ErrorCode:
        return ErrorCode(self.answer.error_code)


class Desk:
    """A coordinator, its purgatory, and what time it is. Ids are the client's name and a number."""

    def __init__(self, *, lock: Any = None, **options: Any) -> None:
        self.now_ms = 1_000
        self.purgatory = Purgatory(self.now_ms, lock=lock)
        self.given = 0
        self.asked: list[Asked] = []
        self.coordinator = GroupCoordinator(
            self.purgatory, lambda: BROKER, lock=lock, new_member_id=self.new_member_id, **options
        )

    def new_member_id(self, name: str) -> str:
        self.given += 1
        return f"{name}-{self.given}"

    def ask(self, body: Struct, version: int, client_id: str | None = "me") -> Asked:
        asked = Asked(body)
        self.asked.append(asked)
        api = API_OF[type(body)]
        assert version in api.versions
        request = Request(api.key, version, 0, client_id, body, 0)
        self.coordinator.handlers[api.key](request, asked.take, self.now_ms)
        return asked

    def advance(self, step_ms: int) -> None:
        """Time passes, and each time-out comes when it is due."""
        until_ms = self.now_ms + step_ms
        while (at_ms := self.purgatory.next_expiration_ms) is not None and at_ms <= until_ms:
            self.now_ms = max(self.now_ms, at_ms)
            self.purgatory.advance_clock(self.now_ms)
        self.now_ms = until_ms
        self.purgatory.advance_clock(self.now_ms)

    @property
    def pending(self) -> Counter[str]:
        """What waits in the purgatory, by kind of operation."""
        lists = self.purgatory._watchers_of.values()
        return Counter(type(each).__name__ for watchers in lists for each in watchers if not each.completed)

    # What members ask, with defaults for what a test does not care about

    def join(
        self,
        name: str = "me",
        member_id: str = "",
        *,
        version: int = 3,
        group_id: str = "g",
        instance_id: str | None = None,
        session_ms: int = SESSION_MS,
        rebalance_ms: int = REBALANCE_MS,
        protocol_type: str = "consumer",
        protocols: Mapping[str, bytes] | None = None,
    ) -> Asked:
        known = {"range": name.encode()} if protocols is None else protocols
        body = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=rebalance_ms,
            member_id=member_id,
            group_instance_id=instance_id,
            protocol_type=protocol_type,
            protocols=tuple(JoinGroupRequestProtocol(name=key, metadata=value) for key, value in known.items()),
        )
        return self.ask(body, version if instance_id is None else 5, name)

    def sync(
        self,
        member_id: str,
        generation_id: int,
        assignments: Mapping[str, bytes] | None = None,
        *,
        group_id: str = "g",
        instance_id: str | None = None,
    ) -> Asked:
        given = tuple(
            SyncGroupRequestAssignment(member_id=key, assignment=value) for key, value in (assignments or {}).items()
        )
        body = SyncGroupRequest(
            group_id=group_id,
            generation_id=generation_id,
            member_id=member_id,
            group_instance_id=instance_id,
            assignments=given,
        )
        return self.ask(body, 3)

    def beat(
        self, member_id: str, generation_id: int, *, group_id: str = "g", instance_id: str | None = None
    ) -> ErrorCode:
        body = HeartbeatRequest(
            group_id=group_id, generation_id=generation_id, member_id=member_id, group_instance_id=instance_id
        )
        return self.ask(body, 3).error

    def leave(self, member_id: str, *, group_id: str = "g") -> ErrorCode:
        return self.ask(LeaveGroupRequest(group_id=group_id, member_id=member_id), 2).error

    def leave_together(self, *members: tuple[str, str | None], group_id: str = "g") -> groups.LeaveGroupResponse:
        leaving = tuple(MemberIdentity(member_id=key, group_instance_id=name) for key, name in members)
        answer = self.ask(LeaveGroupRequest(group_id=group_id, members=leaving), 3).answer
        assert isinstance(answer, groups.LeaveGroupResponse)
        return answer

    def commit(
        self,
        offset: int,
        member_id: str = "",
        generation_id: int = -1,
        *,
        topic: str = "events",
        partition: int = 0,
        metadata: str | None = "",
        group_id: str = "g",
        instance_id: str | None = None,
    ) -> ErrorCode:
        part = OffsetCommitRequestPartition(
            partition_index=partition, committed_offset=offset, committed_leader_epoch=2, committed_metadata=metadata
        )
        body = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=generation_id,
            member_id=member_id,
            group_instance_id=instance_id,
            topics=(OffsetCommitRequestTopic(name=topic, partitions=(part,)),),
        )
        answer = self.ask(body, 7).answer
        return ErrorCode(answer.topics[0].partitions[0].error_code)

    def committed(
        self, asked: Mapping[str, tuple[int, ...]] | None = None, *, group_id: str = "g"
    ) -> groups.OffsetFetchResponse:
        topics = None
        if asked is not None:
            topics = tuple(OffsetFetchRequestTopic(name=name, partition_indexes=each) for name, each in asked.items())
        answer = self.ask(OffsetFetchRequest(group_id=group_id, topics=topics), 5).answer
        assert isinstance(answer, groups.OffsetFetchResponse)
        return answer

    # A group in a state to begin with

    def stable(self, *names: str, **options: Any) -> list[str]:
        """A group of these, after their first rebalance together; their ids."""
        ids: list[str] = []
        for name in names:
            first = self.join(name, **options)
            again = [self.join(names[at], key, **options) for at, key in enumerate(ids)]
            ids = [asked.answer.member_id for asked in [*again, first]]
        generation_id = first.answer.generation_id
        others = [self.sync(key, generation_id) for key in ids[1:]]
        self.sync(ids[0], generation_id, {key: key.encode() for key in ids})
        assert [asked.answer.assignment for asked in others] == [key.encode() for key in ids[1:]]
        return ids

    @property
    def generation_id(self) -> int:
        return self.coordinator.describe("g").generation_id

    @property
    def state(self) -> str:
        return str(self.coordinator.describe("g").state)


def joined(
    member_id: str, generation_id: int, leader: str, members: Mapping[str, bytes] | None = None, protocol: str = "range"
) -> JoinGroupResponse:
    """What a member is told; `members`: what the leader is."""
    return JoinGroupResponse(
        generation_id=generation_id,
        protocol_name=protocol,
        leader=leader,
        member_id=member_id,
        members=tuple(JoinGroupResponseMember(member_id=key, metadata=said) for key, said in (members or {}).items()),
    )


def refused(code: ErrorCode, member_id: str = "") -> JoinGroupResponse:
    return JoinGroupResponse(error_code=code, protocol_name="", leader="", member_id=member_id, members=())


def given(assignment: bytes) -> SyncGroupResponse:
    return SyncGroupResponse(assignment=assignment)


def sync_refused(code: ErrorCode) -> SyncGroupResponse:
    return SyncGroupResponse(error_code=code, assignment=b"")
