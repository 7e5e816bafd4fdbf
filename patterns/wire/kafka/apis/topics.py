"""ListOffsets (key 2): where does a partition begin, and where does it end? CreateTopics (19)."""

from collections.abc import Sequence

from patterns.wire.kafka.schema import Struct, array, boolean, int8, int16, int32, int64, string

LATEST = -1
EARLIEST = -2


class ListOffsetsPartition(Struct):
    """`timestamp` in ms: the first offset not older than that; or `LATEST`, or `EARLIEST`."""

    partition_index: int = int32()
    current_leader_epoch: int = int32(since=4, default=-1)
    timestamp: int = int64()


class ListOffsetsTopic(Struct):
    """A topic that is asked about."""

    name: str = string()
    partitions: Sequence[ListOffsetsPartition] = array(ListOffsetsPartition)


class ListOffsetsRequest(Struct):
    """Offsets by time."""

    replica_id: int = int32(default=-1)
    isolation_level: int = int8(since=2, default=0)
    topics: Sequence[ListOffsetsTopic] = array(ListOffsetsTopic)


class ListOffsetsPartitionResponse(Struct):
    """The offset, and the time of what lies there, -1 if nothing does."""

    partition_index: int = int32()
    error_code: int = int16(default=0)
    timestamp: int = int64(default=-1)
    offset: int = int64(default=-1)
    leader_epoch: int = int32(since=4, default=-1)


class ListOffsetsTopicResponse(Struct):
    """The offsets of one topic."""

    name: str = string()
    partitions: Sequence[ListOffsetsPartitionResponse] = array(ListOffsetsPartitionResponse)


class ListOffsetsResponse(Struct):
    """The offsets."""

    throttle_time_ms: int = int32(since=2, default=0)
    topics: Sequence[ListOffsetsTopicResponse] = array(ListOffsetsTopicResponse)


class CreatableReplicaAssignment(Struct):
    """The brokers that shall hold a partition."""

    partition_index: int = int32()
    broker_ids: Sequence[int] = array(int32)


class CreatableTopicConfig(Struct):
    """A setting of a topic."""

    name: str = string()
    value: str | None = string(nullable=0)


class CreatableTopic(Struct):
    """A topic to be. From version 4 on, -1 in `num_partitions` and `replication_factor` is the broker's default."""

    name: str = string()
    num_partitions: int = int32()
    replication_factor: int = int16()
    assignments: Sequence[CreatableReplicaAssignment] = array(CreatableReplicaAssignment, default=())
    configs: Sequence[CreatableTopicConfig] = array(CreatableTopicConfig, default=())


class CreateTopicsRequest(Struct):
    """Make these topics, or with `validate_only` only say whether it could be done."""

    topics: Sequence[CreatableTopic] = array(CreatableTopic)
    timeout_ms: int = int32(default=60_000)
    validate_only: bool = boolean(default=False)


class CreatableTopicResult(Struct):
    """What became of one of them."""

    name: str = string()
    error_code: int = int16(default=0)
    error_message: str | None = string(nullable=0, default=None)


class CreateTopicsResponse(Struct):
    """What became of them."""

    throttle_time_ms: int = int32(default=0)
    topics: Sequence[CreatableTopicResult] = array(CreatableTopicResult)
