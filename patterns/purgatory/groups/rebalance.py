"""The rebalance: what makes a group go round, and who is waited for on the way. (Kafka's `GroupCoordinator`, inside.)

Called under the group's hold. Three waits, each with its time-out: for all members to join (`DelayedJoin`), for all to
ask what they are given (`DelayedSync`), and all the time for each to be heard of (`DelayedHeartbeat`).
"""

from __future__ import annotations

from collections.abc import Callable

from patterns.purgatory.groups.group import Group, Member, join_refused
from patterns.purgatory.groups.hold import Answer
from patterns.purgatory.groups.operations import (
    DelayedHeartbeat,
    DelayedJoin,
    DelayedPending,
    DelayedSync,
    GroupOperation,
    InitialDelayedJoin,
    Key,
)
from patterns.purgatory.groups.states import GroupMove, GroupState
from patterns.wait.delayed_operation import Purgatory
from patterns.wire.kafka import ErrorCode

NEW_MEMBER_MS = 300_000  # how long a JoinGroup of a new member is held: who waits for longer has long given up


class Rebalances:
    """Moves groups on, with their operations in a purgatory; `parked` is called after each that was put there.

    initial_delay_ms: how long the first rebalance of a group waits for more members than the first.
    """

    def __init__(self, purgatory: Purgatory, parked: Callable[[], object], initial_delay_ms: int) -> None:
        self._purgatory = purgatory
        self._parked = parked
        self._initial_delay_ms = initial_delay_ms

    # Members come

    def add_member(self, group: Group, member: Member, protocol_type: str, answer: Answer) -> None:
        """A new one has joined; its question is parked, and everybody has to join again."""
        group.has_grown = True
        member.join = answer
        group.pending.discard(member.member_id)
        group.add(member, protocol_type)
        # It does not know its id and cannot send heartbeats, and that its connection is gone is not seen while its
        # question is held. So the question itself has a time-out, lest those who gave up and asked anew pile up.
        self.keep_alive(group, member, NEW_MEMBER_MS)
        if group.state is GroupState.PREPARING_REBALANCE:
            self.try_join(group)
        else:
            self.prepare(group, GroupMove.JOIN)

    def join_again(self, group: Group, member: Member, asks: Member, answer: Answer) -> None:
        """One that is known has joined, as `asks` says; its question is parked, and everybody has to."""
        # Kafka forgets a question of the same member that it still holds; its connection would stay muted for ever.
        group.answer_join(member, join_refused(ErrorCode.REBALANCE_IN_PROGRESS, member.member_id))
        member.protocols = asks.protocols
        member.session_timeout_ms = asks.session_timeout_ms
        member.rebalance_timeout_ms = asks.rebalance_timeout_ms
        member.join = answer
        if group.state is GroupState.PREPARING_REBALANCE:
            self.try_join(group)
        else:
            self.prepare(group, GroupMove.REJOIN)

    def return_as(self, group: Group, member_id: str, asks: Member, answer: Answer) -> None:
        """A static member is back after a restart, under a new id (KIP-345): if nothing else has changed, unnoticed."""
        assert asks.instance_id is not None
        old_id, leader_id = group.static[asks.instance_id], group.leader_id
        member = group.members[old_id]
        group.answer_join(member, join_refused(ErrorCode.FENCED_INSTANCE_ID, old_id))
        group.answer_sync(member, ErrorCode.FENCED_INSTANCE_ID)
        group.rename(member, member_id)
        self.keep_alive(group, member, NEW_MEMBER_MS if member.is_new else None)
        self._purgatory.check_and_complete(Key("session", group.group_id, old_id))
        member.client_id = asks.client_id
        before, member.protocols = member.protocols, asks.protocols
        if group.state is GroupState.STABLE and group.select_protocol() == group.protocol:
            member.session_timeout_ms = asks.session_timeout_ms
            member.rebalance_timeout_ms = asks.rebalance_timeout_ms
            member.join = answer
            # If it leads, it is told that its old self does: it shall not share out anew what is shared out.
            group.answer_join(member, group.joined(member, leader_id=leader_id))
        else:
            member.protocols = before
            self.join_again(group, member, asks, answer)

    def add_pending(self, group: Group, member_id: str, session_timeout_ms: int) -> None:
        """An id was given out; who got it is waited for."""
        group.pending.add(member_id)
        self._park(
            DelayedPending(self, group, member_id, session_timeout_ms), Key("session", group.group_id, member_id)
        )

    # Members go

    def remove_pending(self, group: Group, member_id: str) -> None:
        """Whoever got this id will not come."""
        group.pending.discard(member_id)
        self._purgatory.check_and_complete(Key("session", group.group_id, member_id))
        self.try_join(group)

    def remove_member(self, group: Group, member: Member, move: GroupMove) -> None:
        """One has left or is taken for dead; the others have to share out anew."""
        self._drop(group, member)
        if group.state is GroupState.PREPARING_REBALANCE:
            self.try_join(group)
        else:
            self.prepare(group, move)

    def _drop(self, group: Group, member: Member) -> None:
        group.answer_join(member, join_refused(ErrorCode.UNKNOWN_MEMBER_ID))
        group.answer_sync(member, ErrorCode.UNKNOWN_MEMBER_ID)
        group.remove(member)
        self._purgatory.check_and_complete(Key("session", group.group_id, member.member_id))

    # Once round

    def prepare(self, group: Group, move: GroupMove) -> None:
        """A rebalance begins: all members have to join."""
        is_first = group.state is GroupState.EMPTY
        if group.state is GroupState.COMPLETING_REBALANCE:
            for member in group.members.values():
                if group.answer_sync(member, ErrorCode.REBALANCE_IN_PROGRESS):
                    self.keep_alive(group, member)
        group.move(move)
        self._purgatory.check_and_complete(Key("sync", group.group_id))
        if is_first and self._initial_delay_ms:
            group.has_grown = False
            remaining_ms = max(group.rebalance_timeout_ms - self._initial_delay_ms, 0)
            self._park_join(InitialDelayedJoin(self, group, self._initial_delay_ms, remaining_ms))
        else:
            self._park_join(DelayedJoin(self, group, group.rebalance_timeout_ms))

    def delay_more(self, group: Group, remaining_ms: int) -> None:
        """The first rebalance waits on, for those who may come behind the one that has just come."""
        group.has_grown = False
        delay_ms = min(self._initial_delay_ms, remaining_ms)
        self._park_join(InitialDelayedJoin(self, group, delay_ms, remaining_ms - delay_ms))

    def try_join(self, group: Group) -> None:
        """Have all joined now?"""
        self._purgatory.check_and_complete(Key("join", group.group_id))

    def complete_join(self, group: Group) -> None:
        """Who has joined is in the next generation; who has not is out, but for static members: they may return."""
        for member in list(group.members.values()):
            if member.join is None and member.instance_id is None:
                self._drop(group, member)
        if group.members and not group.elect_leader():
            # All of them are static and away. Look again when the first session may have ended: these end the waiting.
            session_ms = min(member.session_timeout_ms for member in group.members.values())
            self._park_join(DelayedJoin(self, group, max(session_ms, group.rebalance_timeout_ms)))
            return
        group.next_generation()
        for member in group.members.values():
            group.answer_join(member, group.joined(member))
            self.keep_alive(group, member)
            member.is_new = False
        if group.members:
            sync = DelayedSync(self, group, group.rebalance_timeout_ms)
            self._park(sync, Key("sync", group.group_id))

    def assign(self, group: Group, assignments: dict[str, bytes]) -> None:
        """The leader has shared out: everybody is told, and who is not mentioned gets nothing."""
        group.move(GroupMove.ASSIGNMENT)
        for member in group.members.values():
            member.assignment = assignments.get(member.member_id, b"")
            if group.answer_sync(member):
                self.keep_alive(group, member)

    def synced(self, group: Group, member: Member) -> None:
        """One has asked what it is given."""
        group.unsynced.discard(member.member_id)
        if not group.unsynced:
            self._purgatory.check_and_complete(Key("sync", group.group_id))

    # Who is not heard of

    def keep_alive(self, group: Group, member: Member, delay_ms: int | None = None) -> None:
        """It was heard of; its session begins anew."""
        member.beats += 1
        key = Key("session", group.group_id, member.member_id)
        self._purgatory.check_and_complete(key)
        self._park(DelayedHeartbeat(self, group, member, delay_ms or member.session_timeout_ms), key)

    def expire_session(self, group: Group, member: Member) -> None:
        """It was not heard of for its session time-out. While it waits for us it need not be."""
        if group.members.get(member.member_id) is member and not member.is_waiting:
            self.remove_member(group, member, GroupMove.EXPIRE)

    def expire_pending(self, group: Group, member_id: str) -> None:
        """Nobody came with that id."""
        self.remove_pending(group, member_id)

    def expire_sync(self, group: Group) -> None:
        """Some have not asked what they are given: they are out."""
        for member_id in sorted(group.unsynced):
            self._drop(group, group.members[member_id])
        self.prepare(group, GroupMove.EXPIRE)

    def _park(self, operation: GroupOperation, key: Key) -> None:
        if not self._purgatory.try_complete_else_watch(operation, (key,), operation.group.now_ms):
            self._parked()

    def _park_join(self, operation: DelayedJoin) -> None:
        self._park(operation, Key("join", operation.group.group_id))
