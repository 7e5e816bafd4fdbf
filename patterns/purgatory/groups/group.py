"""A group and its members: what is known, and what follows from it. Nothing here waits, answers or parks.

After Kafka's `GroupMetadata` and `MemberMetadata`. Where Kafka leaves an order to a hash map, here it is the order of
arrival: who leads after a leader has gone, in which order the leader is told of the members, which of two ways of
sharing out with equally many votes is taken.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from patterns.purgatory.groups.hold import Answer, Hold
from patterns.purgatory.groups.states import GroupMove, GroupState, Moved, follow
from patterns.wire.kafka import ErrorCode
from patterns.wire.kafka.apis.groups import (
    JoinGroupResponse,
    JoinGroupResponseMember,
    SyncGroupResponse,
)

MOVES_KEPT = 100


@dataclass(slots=True, eq=False)
class Member:
    """One consumer. `protocols`: the ways of sharing out that it knows, most wanted first, and what it says in each.

    `instance_id` is the name that it keeps over its restarts (static membership, KIP-345), or None.
    `join` and `sync` are the questions of it that are parked. `is_new`: it has never been told its generation, so
    it cannot send heartbeats. `beats`: how often it was heard of.
    """

    member_id: str
    instance_id: str | None
    client_id: str
    session_timeout_ms: int
    rebalance_timeout_ms: int
    protocols: Mapping[str, bytes]
    join: Answer | None = None
    sync: Answer | None = None
    assignment: bytes = b""
    is_new: bool = True
    beats: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether it is the coordinator that has to speak next, so that silence is no sign of death."""
        return not self.is_new and (self.join is not None or self.sync is not None)

    def vote(self, candidates: set[str]) -> str:
        """Which of these it wants most."""
        return next(name for name in self.protocols if name in candidates)


@dataclass(slots=True, eq=False)
class Group:
    """One group. `hold` is its lock: everything else is read and changed under it.

    `pending`: ids that were given out, and nobody has joined with yet (KIP-394). `static`: instance id → member id.
    `unsynced`: who has been told the generation and has not yet asked what it is given. `now_ms`: the latest time
    that anybody has told. `has_grown`: somebody joined while the first rebalance was delayed. `moves`: the latest.
    """

    group_id: str
    hold: Hold
    state: GroupState = GroupState.EMPTY
    generation_id: int = 0
    protocol_type: str | None = None
    protocol: str | None = None
    leader_id: str | None = None
    members: dict[str, Member] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    static: dict[str, str] = field(default_factory=dict)
    unsynced: set[str] = field(default_factory=set)
    now_ms: int = 0
    has_grown: bool = False
    moves: deque[Moved] = field(default_factory=lambda: deque(maxlen=MOVES_KEPT))

    def move(self, move: GroupMove) -> None:
        """Go where the table says. Raises `IllegalGroupMove`, and stays."""
        before, self.state = self.state, follow(self.state, move)
        self.moves.append(Moved(self.now_ms, before, move))

    # Who is in it

    def add(self, member: Member, protocol_type: str) -> None:
        """Let it in; the first one leads."""
        if not self.members:
            self.protocol_type = protocol_type
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.members[member.member_id] = member
        if member.instance_id is not None:
            self.static[member.instance_id] = member.member_id

    def remove(self, member: Member) -> None:
        """Without it; if it led, the one that is here longest does."""
        del self.members[member.member_id]
        if member.instance_id is not None:
            self.static.pop(member.instance_id, None)
        if self.leader_id == member.member_id:
            self.leader_id = next(iter(self.members), None)

    def rename(self, member: Member, member_id: str) -> None:
        """A static member is back under another id, in its old place and with its old assignment."""
        old_id, member.member_id = member.member_id, member_id
        self.members = {(member_id if key == old_id else key): each for key, each in self.members.items()}
        if member.instance_id is not None:
            self.static[member.instance_id] = member_id
        if old_id in self.unsynced:
            self.unsynced = (self.unsynced - {old_id}) | {member_id}
        if self.leader_id == old_id:
            self.leader_id = member_id

    def refusal(self, member_id: str, instance_id: str | None, generation_id: int | None = None) -> ErrorCode:
        """Why this is no member of this generation (or of any, with None), or NONE."""
        if instance_id is not None and self.static.get(instance_id, member_id) != member_id:
            return ErrorCode.FENCED_INSTANCE_ID
        if member_id not in self.members or (instance_id is not None and instance_id not in self.static):
            return ErrorCode.UNKNOWN_MEMBER_ID
        if generation_id is not None and generation_id != self.generation_id:
            return ErrorCode.ILLEGAL_GENERATION
        return ErrorCode.NONE

    # What they agree upon

    @property
    def rebalance_timeout_ms(self) -> int:
        """How long members have for joining again: as long as the slowest wants."""
        return max((member.rebalance_timeout_ms for member in self.members.values()), default=0)

    @property
    def candidates(self) -> set[str]:
        """The ways of sharing out that all members know."""
        known = [set(member.protocols) for member in self.members.values()]
        return set.intersection(*known) if known else set()

    def supports(self, protocol_type: str, names: list[str]) -> bool:
        """Whether one that knows these can join, so that there is still a way that all know."""
        if not self.members:
            return bool(protocol_type and names)
        return protocol_type == self.protocol_type and not self.candidates.isdisjoint(names)

    def select_protocol(self) -> str:
        """The way that most want, of those that all know."""
        candidates = self.candidates
        return Counter(member.vote(candidates) for member in self.members.values()).most_common(1)[0][0]

    @property
    def has_all_joined(self) -> bool:
        """Whether nobody is waited for any more; nor is who has only an id, when there is nobody else."""
        if not self.members:
            return True
        return not self.pending and all(member.join is not None for member in self.members.values())

    def elect_leader(self) -> bool:
        """See that the leader is one that has joined; False if nobody has."""
        joined = [key for key, member in self.members.items() if member.join is not None]
        if joined and self.leader_id not in joined:
            self.leader_id = joined[0]
        return bool(joined)

    def next_generation(self) -> None:
        """All that will join have joined: they are a generation. Nobody at all is one, too."""
        if self.members:
            protocol = self.select_protocol()
            self.move(GroupMove.ALL_JOINED)
            self.protocol = protocol
        else:
            self.move(GroupMove.NOBODY)
            self.protocol = None
        self.generation_id += 1
        self.unsynced = set(self.members)
        for member in self.members.values():
            member.assignment = b""

    # What they are told

    def joined(self, member: Member, *, leader_id: str | None = None) -> JoinGroupResponse:
        """What a member of this generation is told; the leader, of all the others."""
        leader = leader_id or self.leader_id or ""
        named = self.members.values() if leader == member.member_id else ()
        protocol = self.protocol or ""
        return JoinGroupResponse(
            generation_id=self.generation_id,
            protocol_name=protocol,
            leader=leader,
            member_id=member.member_id,
            members=tuple(
                JoinGroupResponseMember(
                    member_id=each.member_id,
                    group_instance_id=each.instance_id,
                    metadata=each.protocols.get(protocol, b""),
                )
                for each in named
            ),
        )

    def answer_join(self, member: Member, body: JoinGroupResponse) -> None:
        """Answer its JoinGroup, if one is parked."""
        if member.join is not None:
            self.hold.say(member.join, body)
            member.join = None

    def answer_sync(self, member: Member, code: ErrorCode = ErrorCode.NONE) -> bool:
        """Answer its SyncGroup with what it is given, or the error; False if none is parked."""
        if member.sync is None:
            return False
        assignment = b"" if code else member.assignment
        self.hold.say(member.sync, SyncGroupResponse(error_code=code, assignment=assignment))
        member.sync = None
        return True


def join_refused(code: ErrorCode, member_id: str = "") -> JoinGroupResponse:
    """JoinGroup's answer to one that is not in."""
    return JoinGroupResponse(error_code=code, protocol_name="", leader="", member_id=member_id, members=())
