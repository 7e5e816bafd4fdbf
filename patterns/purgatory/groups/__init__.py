"""Consumer groups: several consumers share the partitions of a topic, and agree on who reads which.

The problem: consumers come, go and die, they know nothing of each other, and no partition may be read by two of them at
once, or by none for long. The assumption: one broker, the group's coordinator, hears of all of them, and of each often
enough to know that it lives. The bargain: whenever one comes, goes or falls silent, everybody stops, joins again, and
one of them (the leader, a consumer like the others) shares out anew. The coordinator counts generations and waits;
it does not know what a partition is. In exchange a single slow member stops all, for as long as the rebalance time-out.

All of its waiting is a purgatory's: JoinGroup and SyncGroup are long polls, answered when the others have come; a
session is a time-out that each heartbeat replaces.

    states        the states of a group and the moves between them, as a table
    group         a group and its members: what is known of them, and what follows
    hold          a group's lock, and answers that leave when it is let go
    operations    what is waited for, as delayed operations
    rebalance     what makes a group go round
    registry      which groups there are
    offsets       how far each group has read: a log of commits
    commits       OffsetCommit, OffsetFetch
    coordinator   the other apis: FindCoordinator, JoinGroup, SyncGroup, Heartbeat, LeaveGroup
    description   a group as one sees it from outside

After Kafka's `GroupCoordinator` and `GroupMetadata`. Left out: what needs more than one broker, transactions, and
that members and generations survive the broker: after its restart they are unknown, and join again by themselves.
Different from Kafka: a group without members and offsets is forgotten at once, and offsets are never too old; a member
that asks on two connections at once is answered on both; ids that were given out count in the size of a group.
"""

from patterns.purgatory.groups.coordinator import GroupCoordinator, Handler
from patterns.purgatory.groups.description import GroupDescription, MemberDescription
from patterns.purgatory.groups.offsets import Committed, CommittedOffsets
from patterns.purgatory.groups.states import TRANSITIONS, GroupMove, GroupState, IllegalGroupMove, Moved, follow

__all__ = [
    "TRANSITIONS",
    "Committed",
    "CommittedOffsets",
    "GroupCoordinator",
    "GroupDescription",
    "GroupMove",
    "GroupState",
    "Handler",
    "IllegalGroupMove",
    "MemberDescription",
    "Moved",
    "follow",
]
