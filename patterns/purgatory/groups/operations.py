"""What a group waits for, as delayed operations: the members' JoinGroup, their SyncGroup, their next sign of life.

After Kafka's `DelayedJoin`, `InitialDelayedJoin`, `DelayedSync` and `DelayedHeartbeat`. A fetch waits for data and its
time-out is a success; here the time-out is the news: somebody has not come. JoinGroup itself is a long poll: the
members' questions are held, and one operation ends the waiting of them all.

Each is locked by its group's own lock, and watched under a key of that group alone.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from patterns.purgatory.groups.group import Group, Member
from patterns.purgatory.groups.states import GroupState
from patterns.wait.delayed_operation import DelayedOperation


class Key(NamedTuple):
    """What an operation is watched under: `what` happens in a group, for a session also in which member's."""

    what: str
    group_id: str
    member_id: str = ""


class Ends(Protocol):
    """Who is told how the waiting ended."""

    def complete_join(self, group: Group) -> None:
        """All have joined, or the rebalance time-out is over."""

    def delay_more(self, group: Group, remaining_ms: int) -> None:
        """The group has grown during its first delay."""

    def expire_sync(self, group: Group) -> None:
        """Somebody has not asked what it is given."""

    def expire_session(self, group: Group, member: Member) -> None:
        """A member was not heard of."""

    def expire_pending(self, group: Group, member_id: str) -> None:
        """Nobody came back with an id that was given out."""


class GroupOperation(DelayedOperation):
    """Waits on behalf of a group. At its time-out it is that time for the group."""

    __slots__ = ("due_ms", "ends", "group")

    def __init__(self, ends: Ends, group: Group, delay_ms: int) -> None:
        super().__init__(delay_ms)
        self.ends = ends
        self.group = group
        self.lock = group.hold
        self.due_ms = group.now_ms + delay_ms

    def expire(self) -> bool:
        """Its time is over: nobody says how late it is, but it is not earlier than that."""
        if self.completed:
            return False
        with self.group.hold:
            self.group.now_ms = max(self.group.now_ms, self.due_ms)
            return super().expire()

    def on_complete(self) -> None:
        """Nothing: most of these are only waited with."""

    def on_expiration(self) -> None:
        """Nothing."""


class DelayedJoin(GroupOperation):
    """Until all known members have joined, at most for the rebalance time-out."""

    __slots__ = ()

    def try_complete(self) -> bool:
        """Have they?"""
        return self.group.has_all_joined and self.force_complete()

    def on_complete(self) -> None:
        """Go on with those that have."""
        self.ends.complete_join(self.group)


class InitialDelayedJoin(DelayedJoin):
    """For `group.initial.rebalance.delay.ms`, and again as long as new members come, so that they share one rebalance.

    `remaining_ms`: how much more it may be prolonged by.
    """

    __slots__ = ("remaining_ms",)

    def __init__(self, ends: Ends, group: Group, delay_ms: int, remaining_ms: int) -> None:
        super().__init__(ends, group, delay_ms)
        self.remaining_ms = remaining_ms

    def try_complete(self) -> bool:
        """Only time ends it."""
        return False

    def on_complete(self) -> None:
        """Once more, or go on."""
        if self.group.has_grown and self.remaining_ms:
            self.ends.delay_more(self.group, self.remaining_ms)
        else:
            super().on_complete()


class DelayedSync(GroupOperation):
    """Until all members of a generation have sent their SyncGroup, at most for the rebalance time-out."""

    __slots__ = ("generation_id",)

    def __init__(self, ends: Ends, group: Group, delay_ms: int) -> None:
        super().__init__(ends, group, delay_ms)
        self.generation_id = group.generation_id

    def try_complete(self) -> bool:
        """Have they, or is their generation over?"""
        group = self.group
        is_current = group.generation_id == self.generation_id and group.state is not GroupState.PREPARING_REBALANCE
        return not (is_current and group.unsynced) and self.force_complete()

    def on_expiration(self) -> None:
        """Go on without those that have not."""
        self.ends.expire_sync(self.group)


class DelayedHeartbeat(GroupOperation):
    """A session: until a member is heard of or has left, at most for its session time-out."""

    __slots__ = ("beats", "member")

    def __init__(self, ends: Ends, group: Group, member: Member, delay_ms: int) -> None:
        super().__init__(ends, group, delay_ms)
        self.member = member
        self.beats = member.beats

    def try_complete(self) -> bool:
        """Was it heard of since, or is it gone?"""
        is_gone = self.group.members.get(self.member.member_id) is not self.member
        return (is_gone or self.member.beats != self.beats) and self.force_complete()

    def on_expiration(self) -> None:
        """It is dead, unless it waits for us."""
        self.ends.expire_session(self.group, self.member)


class DelayedPending(GroupOperation):
    """Until somebody joins with the id that it was given, at most for the session time-out (KIP-394)."""

    __slots__ = ("member_id",)

    def __init__(self, ends: Ends, group: Group, member_id: str, delay_ms: int) -> None:
        super().__init__(ends, group, delay_ms)
        self.member_id = member_id

    def try_complete(self) -> bool:
        """Has it?"""
        return self.member_id not in self.group.pending and self.force_complete()

    def on_expiration(self) -> None:
        """Expect nobody any more."""
        self.ends.expire_pending(self.group, self.member_id)
