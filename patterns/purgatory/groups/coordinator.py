"""The coordinator: the group apis, each from its request to its answer, now or later (Kafka's `GroupCoordinator`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, Protocol
from uuid import uuid4

from patterns.purgatory.groups.commits import Commits
from patterns.purgatory.groups.description import GroupDescription, describe
from patterns.purgatory.groups.group import Group, Member, join_refused
from patterns.purgatory.groups.hold import Answer
from patterns.purgatory.groups.offsets import BatchLog, CommittedOffsets
from patterns.purgatory.groups.rebalance import Rebalances
from patterns.purgatory.groups.registry import Groups
from patterns.purgatory.groups.states import GroupMove, GroupState
from patterns.wait.delayed_operation import Lock, Purgatory
from patterns.wire.kafka import ApiKey, ErrorCode, Request
from patterns.wire.kafka.apis.discovery import FindCoordinatorResponse, MetadataResponseBroker
from patterns.wire.kafka.apis.groups import (
    HeartbeatResponse,
    JoinGroupRequest,
    LeaveGroupResponse,
    MemberIdentity,
    MemberResponse,
    SyncGroupResponse,
)

E, S = ErrorCode, GroupState
GROUP = 0  # FindCoordinator's key_type
MEMBER_ID_REQUIRED_SINCE = 4  # JoinGroup's version (KIP-394)


class Handler(Protocol):
    """Handles a request of one api: answers now, or parks the question and answers later."""

    def __call__(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Never waits. `answer` is called exactly once, from any thread."""


def _new_member_id(name: str) -> str:
    return f"{name}-{uuid4()}"


class GroupCoordinator:
    """Looks after all groups. `handlers` has what each api asks for, by api key.

    Args:
        purgatory: of its own, where members' questions and their sessions wait; who owns it advances its clock.
        broker: where clients find this coordinator; asked each time, for an address may be known only late.
        parked: called whenever something was put into the purgatory, for whoever advances its clock.
        has_partition: whether there is this partition of that topic; what there is not, no offset is noted of.
        log: where committed offsets are written to and, at the start, read from; None: only in memory.
        initial_rebalance_delay_ms: how long a group's first rebalance waits for more members (3,000 in Kafka, to
            spare a hundred consumers that start together a hundred rebalances; 0 here, where two start, and
            somebody watches).
        min_session_timeout_ms, max_session_timeout_ms: what members may ask for.
        max_size: members in a group, those included that have only been given an id.
        max_metadata: characters beside a committed offset.
        new_member_id: makes an id of the instance id or the client id.
        lock: makes a re-entrant lock, such as `threading.RLock`, if several threads will call; as the purgatory's.
    """

    def __init__(
        self,
        purgatory: Purgatory,
        broker: Callable[[], MetadataResponseBroker],
        *,
        parked: Callable[[], object] = lambda: None,
        has_partition: Callable[[str, int], bool] = lambda topic, partition: True,
        log: BatchLog | None = None,
        initial_rebalance_delay_ms: int = 0,
        min_session_timeout_ms: int = 6_000,
        max_session_timeout_ms: int = 1_800_000,
        max_size: int = 1_000,
        max_metadata: int = 4_096,
        new_member_id: Callable[[str], str] = _new_member_id,
        lock: Callable[[], Lock] | None = None,
    ) -> None:
        self.purgatory = purgatory
        new_lock: Callable[[], Lock] = nullcontext if lock is None else lock
        self.offsets = CommittedOffsets(log, lock=new_lock())
        """What all groups have committed."""
        self._groups = Groups(self.offsets, new_lock)
        self._rebalances = Rebalances(purgatory, parked, initial_rebalance_delay_ms)
        self._broker = broker
        self._session_ms = range(min_session_timeout_ms, max_session_timeout_ms + 1)
        self._max_size = max_size
        self._new_member_id = new_member_id
        commits = Commits(self._groups, self._rebalances, self.offsets, has_partition, max_metadata)
        self.handlers: Mapping[int, Handler] = {
            ApiKey.FIND_COORDINATOR: self.find_coordinator,
            ApiKey.JOIN_GROUP: self.join_group,
            ApiKey.SYNC_GROUP: self.sync_group,
            ApiKey.HEARTBEAT: self.heartbeat,
            ApiKey.LEAVE_GROUP: self.leave_group,
            ApiKey.OFFSET_COMMIT: commits.offset_commit,
            ApiKey.OFFSET_FETCH: commits.offset_fetch,
        }

    # To look at

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of all that have members, or have committed an offset."""
        return self._groups.names()

    def describe(self, group_id: str) -> GroupDescription:
        """A group as it is now; one that nobody knows is dead, as in Kafka."""
        committed = self.offsets.of(group_id)
        with self._groups.held(group_id) as group:
            if group is not None:
                return describe(group, committed)
        return GroupDescription(group_id, S.EMPTY if committed else S.DEAD, committed=committed)

    # The apis

    def find_coordinator(self, request: Request, answer: Answer, now_ms: int) -> None:
        """It is always this one."""
        body: Any = request.body
        code, why = E.NONE, None
        if body.key_type != GROUP:
            code, why = E.INVALID_REQUEST, "expected the name of a group; there are no transactions here"
        broker = self._broker()
        answer(
            FindCoordinatorResponse(
                error_code=code, error_message=why, node_id=broker.node_id, host=broker.host, port=broker.port
            )
        )

    def join_group(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Held until all members have asked, unless something is wrong or nothing has changed."""
        body: Any = request.body
        if not body.group_id:
            answer(join_refused(E.INVALID_GROUP_ID, body.member_id))
            return
        if body.session_timeout_ms not in self._session_ms:
            answer(join_refused(E.INVALID_SESSION_TIMEOUT, body.member_id))
            return
        with self._groups.held(body.group_id, now_ms, create=not body.member_id) as group:
            if group is not None:
                code, member_id = self._join(group, request, answer)
            else:
                code, member_id = E.UNKNOWN_MEMBER_ID, body.member_id
        if code:
            answer(join_refused(code, member_id))

    def _join(self, group: Group, request: Request, answer: Answer) -> tuple[ErrorCode, str]:
        """Park it or answer it; or say what is wrong, and under which id to come back."""
        body: Any = request.body
        asks = _member(request)
        member_id = body.member_id
        is_static = asks.instance_id is not None and asks.instance_id in group.static
        is_in = member_id in group.members or member_id in group.pending or (is_static and not member_id)
        if not is_in and len(group.members) + len(group.pending) >= self._max_size:
            return E.GROUP_MAX_SIZE_REACHED, member_id
        if not group.supports(body.protocol_type, list(asks.protocols)):
            return E.INCONSISTENT_GROUP_PROTOCOL, member_id
        if not member_id:
            member_id = self._new_member_id(asks.instance_id or asks.client_id)
            if is_static:
                self._rebalances.return_as(group, member_id, asks, answer)
                return E.NONE, ""
            if asks.instance_id is None and request.api_version >= MEMBER_ID_REQUIRED_SINCE:
                self._rebalances.add_pending(group, member_id, asks.session_timeout_ms)
                return E.MEMBER_ID_REQUIRED, member_id
        elif member_id not in group.pending or asks.instance_id is not None:
            if code := group.refusal(member_id, asks.instance_id):
                return code, member_id
            self._rejoin(group, group.members[member_id], asks, answer)
            return E.NONE, ""
        asks.member_id = member_id
        self._rebalances.add_member(group, asks, body.protocol_type, answer)
        return E.NONE, ""

    def _rejoin(self, group: Group, member: Member, asks: Member, answer: Answer) -> None:
        is_same = list(member.protocols.items()) == list(asks.protocols.items())
        is_leader = member.member_id == group.leader_id
        # A leader that asks again wants to share out anew, for reasons of its own: a topic has grown, say. Any other
        # with nothing new has only missed its answer.
        if is_same and (group.state is S.COMPLETING_REBALANCE or (group.state is S.STABLE and not is_leader)):
            group.hold.say(answer, group.joined(member))
        else:
            self._rebalances.join_again(group, member, asks, answer)

    def sync_group(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Held until the leader has shared out."""
        body: Any = request.body
        code = E.UNKNOWN_MEMBER_ID if body.group_id else E.INVALID_GROUP_ID
        with self._groups.held(body.group_id, now_ms) as group:
            if group is not None:
                code = group.refusal(body.member_id, body.group_instance_id, body.generation_id)
                if not code and group.state is S.PREPARING_REBALANCE:
                    code = E.REBALANCE_IN_PROGRESS
                if not code:
                    self._sync(group, body, answer)
        if code:
            answer(SyncGroupResponse(error_code=code, assignment=b""))

    def _sync(self, group: Group, body: Any, answer: Answer) -> None:
        member = group.members[body.member_id]
        group.answer_sync(member, E.REBALANCE_IN_PROGRESS)  # the same as in `Rebalances.join_again`
        member.sync = answer
        self._rebalances.synced(group, member)
        if group.state is S.STABLE:
            group.answer_sync(member)
            self._rebalances.keep_alive(group, member)
        elif member.member_id == group.leader_id:
            self._rebalances.assign(group, {each.member_id: each.assignment for each in body.assignments})

    def heartbeat(self, request: Request, answer: Answer, now_ms: int) -> None:
        """I am still here; and the answer is how a member hears of a rebalance."""
        body: Any = request.body
        code = E.UNKNOWN_MEMBER_ID if body.group_id else E.INVALID_GROUP_ID
        with self._groups.held(body.group_id, now_ms) as group:
            if group is not None:
                code = group.refusal(body.member_id, body.group_instance_id, body.generation_id)
                if not code:
                    self._rebalances.keep_alive(group, group.members[body.member_id])
                    code = E.REBALANCE_IN_PROGRESS if group.state is S.PREPARING_REBALANCE else E.NONE
        answer(HeartbeatResponse(error_code=code))

    def leave_group(self, request: Request, answer: Answer, now_ms: int) -> None:
        """One member (up to version 2) or several leave; who is static may be named by its instance id alone."""
        body: Any = request.body
        leaving = list(body.members) if request.api_version >= 3 else [MemberIdentity(member_id=body.member_id)]
        codes = [E.UNKNOWN_MEMBER_ID for _ in leaving]
        with self._groups.held(body.group_id, now_ms) as group:
            if group is not None:
                codes = [self._leave(group, each) for each in leaving]
        if not body.group_id:
            answer(LeaveGroupResponse(error_code=E.INVALID_GROUP_ID))
        elif request.api_version < 3:
            answer(LeaveGroupResponse(error_code=codes[0]))
        else:
            left = zip(leaving, codes, strict=True)
            answer(
                LeaveGroupResponse(
                    members=tuple(MemberResponse(**each.as_dict(), error_code=code) for each, code in left)
                )
            )

    def _leave(self, group: Group, leaving: MemberIdentity) -> ErrorCode:
        member_id, instance_id = leaving.member_id, leaving.group_instance_id
        if member_id in group.pending and instance_id is None:
            self._rebalances.remove_pending(group, member_id)
            return E.NONE
        if not member_id and instance_id is not None:
            member_id = group.static.get(instance_id, "")
        if code := group.refusal(member_id, instance_id):
            return code
        self._rebalances.remove_member(group, group.members[member_id], GroupMove.LEAVE)
        return E.NONE


def _member(request: Request) -> Member:
    """Who asks to join, as it describes itself."""
    body = request.body
    assert isinstance(body, JoinGroupRequest)
    rebalance_ms = body.rebalance_timeout_ms if request.api_version >= 1 else body.session_timeout_ms
    return Member(
        member_id=body.member_id,
        instance_id=body.group_instance_id,
        client_id=request.client_id or "",
        session_timeout_ms=body.session_timeout_ms,
        rebalance_timeout_ms=rebalance_ms,
        protocols={each.name: each.metadata for each in body.protocols},
    )
