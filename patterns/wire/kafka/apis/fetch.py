"""Fetch (key 1): what is behind these offsets? A long poll: held until `min_bytes` are there or `max_wait_ms` is over.

Versions 7 to 11 can carry sessions; a broker that answers `session_id` 0 has none, and clients ask in full each time.
"""

from collections.abc import Sequence

from patterns.wire.kafka.schema import Struct, array, int8, int16, int32, int64, records, string


class FetchPartition(Struct):
    """From where on in one partition, and how much at most."""

    partition: int = int32()
    current_leader_epoch: int = int32(since=9, default=-1)
    fetch_offset: int = int64()
    log_start_offset: int = int64(since=5, default=-1)
    partition_max_bytes: int = int32()


class FetchTopic(Struct):
    """A topic that is asked for."""

    topic: str = string()
    partitions: Sequence[FetchPartition] = array(FetchPartition)


class ForgottenTopic(Struct):
    """What a session shall not fetch any more."""

    topic: str = string()
    partitions: Sequence[int] = array(int32)


class FetchRequest(Struct):
    """`replica_id` is -1 if a consumer asks; `isolation_level` 1 if only committed transactions are wanted."""

    replica_id: int = int32(default=-1)
    max_wait_ms: int = int32()
    min_bytes: int = int32()
    max_bytes: int = int32(default=0x7FFFFFFF)
    isolation_level: int = int8(default=0)
    session_id: int = int32(since=7, default=0)
    session_epoch: int = int32(since=7, default=-1)
    topics: Sequence[FetchTopic] = array(FetchTopic)
    forgotten_topics_data: Sequence[ForgottenTopic] = array(ForgottenTopic, since=7, default=())
    rack_id: str = string(since=11, default="")


class AbortedTransaction(Struct):
    """A transaction whose records a reader of committed ones has to skip."""

    producer_id: int = int64()
    first_offset: int = int64()


class PartitionData(Struct):
    """What one partition had. `records`: whole batches; the first may start before the offset asked for."""

    partition_index: int = int32()
    error_code: int = int16(default=0)
    high_watermark: int = int64()
    last_stable_offset: int = int64(default=-1)
    log_start_offset: int = int64(since=5, default=-1)
    aborted_transactions: Sequence[AbortedTransaction] | None = array(AbortedTransaction, nullable=0, default=None)
    preferred_read_replica: int = int32(since=11, default=-1)
    records: bytes | None = records(nullable=0)


class FetchableTopicResponse(Struct):
    """What one topic had."""

    topic: str = string()
    partitions: Sequence[PartitionData] = array(PartitionData)


class FetchResponse(Struct):
    """What there was, for every partition asked for."""

    throttle_time_ms: int = int32(default=0)
    error_code: int = int16(since=7, default=0)
    session_id: int = int32(since=7, default=0)
    responses: Sequence[FetchableTopicResponse] = array(FetchableTopicResponse)
