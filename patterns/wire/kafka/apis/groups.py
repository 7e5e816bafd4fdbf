"""Consumer groups: JoinGroup (11), SyncGroup (14), Heartbeat (12), LeaveGroup (13), OffsetCommit (8), OffsetFetch (9).

JoinGroup is a long poll too: the coordinator holds it until all members of the group have asked.
What members say to each other in `metadata` and `assignment` is opaque to a broker.
"""

from collections.abc import Sequence

from patterns.wire.kafka.schema import Struct, array, blob, int16, int32, int64, string


class JoinGroupRequestProtocol(Struct):
    """A way to share out the partitions that a member knows, and what it says about itself in it."""

    name: str = string()
    metadata: bytes = blob()


class JoinGroupRequest(Struct):
    """`member_id` is empty at the first time."""

    group_id: str = string()
    session_timeout_ms: int = int32()
    rebalance_timeout_ms: int = int32(since=1, default=-1)
    member_id: str = string()
    group_instance_id: str | None = string(since=5, nullable=5, default=None)
    protocol_type: str = string()
    protocols: Sequence[JoinGroupRequestProtocol] = array(JoinGroupRequestProtocol)


class JoinGroupResponseMember(Struct):
    """A member, as the leader is told of it."""

    member_id: str = string()
    group_instance_id: str | None = string(since=5, nullable=5, default=None)
    metadata: bytes = blob()


class JoinGroupResponse(Struct):
    """`members` are told to the leader alone."""

    throttle_time_ms: int = int32(since=2, default=0)
    error_code: int = int16(default=0)
    generation_id: int = int32(default=-1)
    protocol_name: str = string()
    leader: str = string()
    member_id: str = string()
    members: Sequence[JoinGroupResponseMember] = array(JoinGroupResponseMember)


class SyncGroupRequestAssignment(Struct):
    """What one member is given."""

    member_id: str = string()
    assignment: bytes = blob()


class SyncGroupRequest(Struct):
    """The leader says who is given what; the others send none and wait."""

    group_id: str = string()
    generation_id: int = int32()
    member_id: str = string()
    group_instance_id: str | None = string(since=3, nullable=3, default=None)
    assignments: Sequence[SyncGroupRequestAssignment] = array(SyncGroupRequestAssignment)


class SyncGroupResponse(Struct):
    """What the member that asked is given."""

    throttle_time_ms: int = int32(since=1, default=0)
    error_code: int = int16(default=0)
    assignment: bytes = blob()


class HeartbeatRequest(Struct):
    """I am still here."""

    group_id: str = string()
    generation_id: int = int32()
    member_id: str = string()
    group_instance_id: str | None = string(since=3, nullable=3, default=None)


class HeartbeatResponse(Struct):
    """You are; or REBALANCE_IN_PROGRESS, join again."""

    throttle_time_ms: int = int32(since=1, default=0)
    error_code: int = int16(default=0)


class MemberIdentity(Struct):
    """A member that leaves."""

    member_id: str = string()
    group_instance_id: str | None = string(nullable=0, default=None)


class LeaveGroupRequest(Struct):
    """Up to version 2 one member leaves, from version 3 on any number of them."""

    group_id: str = string()
    member_id: str = string(until=2, default="")
    members: Sequence[MemberIdentity] = array(MemberIdentity, since=3, default=())


class MemberResponse(Struct):
    """What became of one that leaves."""

    member_id: str = string()
    group_instance_id: str | None = string(nullable=0, default=None)
    error_code: int = int16(default=0)


class LeaveGroupResponse(Struct):
    """What became of it."""

    throttle_time_ms: int = int32(since=1, default=0)
    error_code: int = int16(default=0)
    members: Sequence[MemberResponse] = array(MemberResponse, since=3, default=())


class OffsetCommitRequestPartition(Struct):
    """How far one partition has been read: the offset that is wanted next."""

    partition_index: int = int32()
    committed_offset: int = int64()
    committed_leader_epoch: int = int32(since=6, default=-1)
    committed_metadata: str | None = string(nullable=0)


class OffsetCommitRequestTopic(Struct):
    """How far one topic has been read."""

    name: str = string()
    partitions: Sequence[OffsetCommitRequestPartition] = array(OffsetCommitRequestPartition)


class OffsetCommitRequest(Struct):
    """How far a group has read. `generation_id_or_member_epoch` -1: from somebody outside of the group."""

    group_id: str = string()
    generation_id_or_member_epoch: int = int32(default=-1)
    member_id: str = string()
    group_instance_id: str | None = string(since=7, nullable=7, default=None)
    retention_time_ms: int = int64(until=4, default=-1)
    topics: Sequence[OffsetCommitRequestTopic] = array(OffsetCommitRequestTopic)


class OffsetCommitResponsePartition(Struct):
    """Whether it was noted."""

    partition_index: int = int32()
    error_code: int = int16(default=0)


class OffsetCommitResponseTopic(Struct):
    """Whether it was noted."""

    name: str = string()
    partitions: Sequence[OffsetCommitResponsePartition] = array(OffsetCommitResponsePartition)


class OffsetCommitResponse(Struct):
    """Whether it was noted."""

    throttle_time_ms: int = int32(since=3, default=0)
    topics: Sequence[OffsetCommitResponseTopic] = array(OffsetCommitResponseTopic)


class OffsetFetchRequestTopic(Struct):
    """A topic that is asked about."""

    name: str = string()
    partition_indexes: Sequence[int] = array(int32)


class OffsetFetchRequest(Struct):
    """How far has the group read? `topics` None: all that was noted."""

    group_id: str = string()
    topics: Sequence[OffsetFetchRequestTopic] | None = array(OffsetFetchRequestTopic, nullable=2)


class OffsetFetchResponsePartition(Struct):
    """What was noted; `committed_offset` -1 if nothing was."""

    partition_index: int = int32()
    committed_offset: int = int64()
    committed_leader_epoch: int = int32(since=5, default=-1)
    metadata: str | None = string(nullable=0)
    error_code: int = int16(default=0)


class OffsetFetchResponseTopic(Struct):
    """What was noted of one topic."""

    name: str = string()
    partitions: Sequence[OffsetFetchResponsePartition] = array(OffsetFetchResponsePartition)


class OffsetFetchResponse(Struct):
    """What was noted."""

    throttle_time_ms: int = int32(since=3, default=0)
    topics: Sequence[OffsetFetchResponseTopic] = array(OffsetFetchResponseTopic)
    error_code: int = int16(since=2, default=0)
