"""A group as one sees it from outside: for people, and for a live picture. (Kafka's DescribeGroups tells the same.)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from patterns.purgatory.groups.group import Group, Member
from patterns.purgatory.groups.offsets import Committed, Partition
from patterns.purgatory.groups.states import GroupState, Moved
from patterns.wire.kafka import Malformed
from patterns.wire.kafka.consumer_protocol import PROTOCOL_TYPE, decode_assignment, decode_subscription


@dataclass(frozen=True, slots=True)
class MemberDescription:
    """A member: the topics that it wants, what it is given, and which of its questions is parked ("" if none)."""

    member_id: str
    client_id: str
    instance_id: str | None = None
    is_leader: bool = False
    wants: tuple[str, ...] = ()
    assigned: tuple[Partition, ...] = ()
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class GroupDescription:
    """A group: its state and generation, how its members share out, who they are, and how far they have read.

    `pending`: ids that were given out, and nobody has joined with yet. `moves`: the latest moves of its state.
    """

    group_id: str
    state: GroupState
    generation_id: int = 0
    protocol: str | None = None
    members: tuple[MemberDescription, ...] = ()
    pending: tuple[str, ...] = ()
    committed: Mapping[Partition, Committed] | None = None
    moves: tuple[Moved, ...] = ()

    def __str__(self) -> str:
        head = f"{self.group_id}: {self.state}, generation {self.generation_id}"
        lines = [f"{head}, {self.protocol}" if self.protocol else head]
        for each in self.members:
            partitions = ", ".join(f"{topic}[{number}]" for topic, number in each.assigned) or "nothing"
            leads = " (leader)" if each.is_leader else ""
            waits = f", waits for {each.waits_for}" if each.waits_for else ""
            lines.append(f"  {each.client_id}{leads}: {partitions}{waits}")
        return "\n".join(lines)


def describe(group: Group, committed: Mapping[Partition, Committed]) -> GroupDescription:
    """The group as it is; under its hold."""
    return GroupDescription(
        group_id=group.group_id,
        state=group.state,
        generation_id=group.generation_id,
        protocol=group.protocol,
        members=tuple(_describe(group, member) for member in group.members.values()),
        pending=tuple(sorted(group.pending)),
        committed=committed,
        moves=tuple(group.moves),
    )


def _describe(group: Group, member: Member) -> MemberDescription:
    wants: tuple[str, ...] = ()
    assigned: tuple[Partition, ...] = ()
    if group.protocol_type == PROTOCOL_TYPE:  # what others say to each other in theirs, nobody here knows
        try:
            wants = tuple(decode_subscription(next(iter(member.protocols.values()))).topics)
            assigned = decode_assignment(member.assignment).pairs
        except Malformed:
            pass  # a broker does not mind what it carries
    return MemberDescription(
        member_id=member.member_id,
        client_id=member.client_id,
        instance_id=member.instance_id,
        is_leader=member.member_id == group.leader_id,
        wants=wants,
        assigned=assigned,
        waits_for="JoinGroup" if member.join else "SyncGroup" if member.sync else "",
    )
