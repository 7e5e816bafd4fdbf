"""What a client asks before it reads or writes: which apis, which topics, where, from which offset to which.

The cluster is this one broker, number 0. It has no transactions.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from itertools import count

from patterns.purgatory.replies import Answer
from patterns.purgatory.topics import LEADER_EPOCH, BadName, BadPartitions, Partition, TopicError, TopicExists, Topics
from patterns.wire.kafka import Batch, ErrorCode, RecordsError, Request, Versions, api_versions_response
from patterns.wire.kafka.apis import discovery
from patterns.wire.kafka.apis import topics as topic_apis
from patterns.wire.kafka.batches import HEADER
from patterns.wire.kafka.records import decode_batch
from patterns.wire.listen import Address

NODE_ID = 0
LOOKED_THROUGH_BYTES = 1 << 20  # at a time, for the first record of some moment
ERRORS = {
    BadName: ErrorCode.INVALID_TOPIC_EXCEPTION,
    TopicExists: ErrorCode.TOPIC_ALREADY_EXISTS,
    BadPartitions: ErrorCode.INVALID_PARTITIONS,
}


class Cluster:
    """The api handlers of ApiVersions, Metadata, ListOffsets, CreateTopics and InitProducerId.

    served: what is told to ApiVersions. `address`: where clients shall connect. `cluster_id`: one is made up without.
    """

    def __init__(self, topics: Topics, served: Mapping[int, Versions], address: Address, cluster_id: str = "") -> None:
        self.address = address
        self._topics = topics
        self._served = served
        self._cluster_id = cluster_id or secrets.token_urlsafe(16)
        # A number that an earlier broker has given must not be given again: its producer may still be there.
        self._producer_ids = count(secrets.randbits(40) << 20)

    @property
    def broker(self) -> discovery.MetadataResponseBroker:
        """The only one there is, as clients are told of it."""
        return discovery.MetadataResponseBroker(node_id=NODE_ID, host=self.address.host, port=self.address.port)

    def api_versions(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Which apis, in which versions."""
        answer(api_versions_response(request, self._served))

    def metadata(self, request: Request, answer: Answer, now_ms: int) -> None:
        """The broker, and the topics asked for; one that is not there yet is made, unless the client forbids it."""
        body = request.body
        assert isinstance(body, discovery.MetadataRequest)
        names = list(self._topics) if body.topics is None else list(dict.fromkeys(each.name for each in body.topics))
        answer(
            discovery.MetadataResponse(
                brokers=(self.broker,),
                cluster_id=self._cluster_id,
                controller_id=NODE_ID,
                topics=[self._described(name, make=body.allow_auto_topic_creation) for name in names],
            )
        )

    def list_offsets(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Where each partition begins, where it ends, or where it was at some time."""
        body = request.body
        assert isinstance(body, topic_apis.ListOffsetsRequest)
        found = [
            topic_apis.ListOffsetsTopicResponse(
                name=topic.name, partitions=[self._offset(topic.name, each) for each in topic.partitions]
            )
            for topic in body.topics
        ]
        answer(topic_apis.ListOffsetsResponse(topics=found))

    def create_topics(self, request: Request, answer: Answer, now_ms: int) -> None:
        """Make topics, or with `validate_only` say whether it could be done."""
        body = request.body
        assert isinstance(body, topic_apis.CreateTopicsRequest)
        names = [topic.name for topic in body.topics]
        answer(
            topic_apis.CreateTopicsResponse(
                topics=[
                    self._created(topic, only_check=body.validate_only, is_twice=names.count(topic.name) > 1)
                    for topic in body.topics
                ]
            )
        )

    def init_producer_id(self, request: Request, answer: Answer, now_ms: int) -> None:
        """A number for a producer, so that what it sends twice is known again."""
        body = request.body
        assert isinstance(body, discovery.InitProducerIdRequest)
        if body.transactional_id is not None:
            code = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
            answer(discovery.InitProducerIdResponse(error_code=code, producer_epoch=-1))
        else:
            answer(discovery.InitProducerIdResponse(producer_id=next(self._producer_ids), producer_epoch=0))

    def _described(self, name: str, *, make: bool) -> discovery.MetadataResponseTopic:
        error = ErrorCode.NONE
        if name not in self._topics:
            try:
                if make:
                    self._topics.make(name)
                else:
                    self._topics.check(name, 1)
                    error = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            except TopicExists:
                pass  # somebody else has made it meanwhile
            except TopicError as refused:
                error = ERRORS[type(refused)]
            except OSError:
                error = ErrorCode.KAFKA_STORAGE_ERROR
        return discovery.MetadataResponseTopic(
            error_code=error,
            name=name,
            partitions=[
                discovery.MetadataResponsePartition(
                    partition_index=partition.index,
                    leader_id=NODE_ID,
                    leader_epoch=LEADER_EPOCH,
                    replica_nodes=(NODE_ID,),
                    isr_nodes=(NODE_ID,),
                )
                for partition in (() if error else self._topics[name])
            ],
        )

    def _offset(self, topic: str, asked: topic_apis.ListOffsetsPartition) -> topic_apis.ListOffsetsPartitionResponse:
        partition = self._topics.partition(topic, asked.partition_index)
        answer = topic_apis.ListOffsetsPartitionResponse(partition_index=asked.partition_index)
        if partition is None:
            return answer.replace(error_code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if asked.current_leader_epoch > LEADER_EPOCH:
            return answer.replace(error_code=ErrorCode.UNKNOWN_LEADER_EPOCH)
        if asked.timestamp == topic_apis.LATEST:
            return answer.replace(offset=partition.high_watermark, leader_epoch=LEADER_EPOCH)
        if asked.timestamp == topic_apis.EARLIEST:
            return answer.replace(offset=partition.storage.start_offset, leader_epoch=LEADER_EPOCH)
        if asked.timestamp < 0:
            return answer.replace(error_code=ErrorCode.INVALID_REQUEST)
        offset, timestamp = first_since(partition, asked.timestamp)
        return answer.replace(offset=offset, timestamp=timestamp, leader_epoch=LEADER_EPOCH)

    def _created(
        self, topic: topic_apis.CreatableTopic, *, only_check: bool, is_twice: bool
    ) -> topic_apis.CreatableTopicResult:
        def refused(code: ErrorCode, why: str) -> topic_apis.CreatableTopicResult:
            return topic_apis.CreatableTopicResult(name=topic.name, error_code=code, error_message=why)

        if is_twice:
            return refused(
                ErrorCode.INVALID_REQUEST, f"expected {topic.name!r} once in a request; leave the others out"
            )
        if topic.configs:
            known = ", ".join(sorted(config.name for config in topic.configs))
            return refused(ErrorCode.INVALID_CONFIG, f"expected no settings of a topic, got {known}; leave them out")
        if topic.replication_factor not in {-1, 1} or any(
            tuple(each.broker_ids) != (NODE_ID,) for each in topic.assignments
        ):
            return refused(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                f"expected one replica, on broker {NODE_ID}, got {topic.replication_factor}; there is no other broker",
            )
        partitions = len(topic.assignments) or (1 if topic.num_partitions == -1 else topic.num_partitions)
        try:
            if only_check:
                self._topics.check(topic.name, partitions)
            else:
                self._topics.make(topic.name, partitions)
        except TopicError as error:
            return refused(ERRORS[type(error)], str(error))
        except OSError as error:
            return refused(ErrorCode.KAFKA_STORAGE_ERROR, str(error))
        return topic_apis.CreatableTopicResult(name=topic.name)


def first_since(partition: Partition, timestamp_ms: int) -> tuple[int, int]:
    """The first record that is not older: its offset and its time; (-1, -1) if there is none.

    The headers of all batches before it are read. In a compressed batch it is the batch's first.
    """
    with partition.lock:
        offset = partition.storage.start_offset
        while data := partition.read(offset, LOOKED_THROUGH_BYTES):
            at = 0
            while at < len(data):
                batch = Batch._make((*HEADER.unpack_from(data, at), at))
                if batch.max_timestamp_ms >= timestamp_ms:
                    return _first_in(data, batch, timestamp_ms)
                at, offset = batch.end, batch.next_offset
    return -1, -1


def _first_in(data: bytes, batch: Batch, timestamp_ms: int) -> tuple[int, int]:
    try:
        for record in decode_batch(data, batch):
            if record.timestamp_ms >= timestamp_ms:
                return record.offset, record.timestamp_ms
    except RecordsError:  # compressed, or its producer's own
        pass
    return batch.base_offset, batch.max_timestamp_ms
