"""Produce (key 0): append these batches. With `acks` 0 there is no response at all."""

from collections.abc import Sequence

from patterns.wire.kafka.schema import Struct, array, int16, int32, int64, records, string


class PartitionProduceData(Struct):
    """Record batches for one partition."""

    index: int = int32()
    records: bytes | None = records(nullable=0)


class TopicProduceData(Struct):
    """Record batches for one topic."""

    name: str = string()
    partition_data: Sequence[PartitionProduceData] = array(PartitionProduceData)


class ProduceRequest(Struct):
    """`acks`: 0 no response, 1 when the leader has it, -1 when all replicas have it, or `timeout_ms` are over."""

    transactional_id: str | None = string(nullable=3, default=None)
    acks: int = int16()
    timeout_ms: int = int32()
    topic_data: Sequence[TopicProduceData] = array(TopicProduceData)


class BatchIndexAndErrorMessage(Struct):
    """A record that was the reason why its batch was dropped."""

    batch_index: int = int32()
    batch_index_error_message: str | None = string(nullable=0, default=None)


class PartitionProduceResponse(Struct):
    """Where the first record went, or why none did."""

    index: int = int32()
    error_code: int = int16(default=0)
    base_offset: int = int64()
    log_append_time_ms: int = int64(default=-1)
    log_start_offset: int = int64(since=5, default=-1)
    record_errors: Sequence[BatchIndexAndErrorMessage] = array(BatchIndexAndErrorMessage, since=8, default=())
    error_message: str | None = string(since=8, nullable=8, default=None)


class TopicProduceResponse(Struct):
    """What became of one topic's batches."""

    name: str = string()
    partition_responses: Sequence[PartitionProduceResponse] = array(PartitionProduceResponse)


class ProduceResponse(Struct):
    """What became of the batches."""

    responses: Sequence[TopicProduceResponse] = array(TopicProduceResponse)
    throttle_time_ms: int = int32(default=0)
