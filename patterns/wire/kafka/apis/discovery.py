"""ApiVersions (18), Metadata (3), FindCoordinator (10), InitProducerId (22): how a client finds out whom to talk to.

ApiVersions is asked first, in a version that the broker may not know: see `frames` on how it is answered then.
Its version 3 is the one here that is flexible (KIP-482): compact lengths, and tagged fields behind each struct.
"""

from collections.abc import Sequence

from patterns.wire.kafka.schema import Struct, array, boolean, int8, int16, int32, int64, string


class ApiVersionsRequest(Struct):
    """Which apis are served, in which versions?"""

    client_software_name: str = string(since=3, default="")
    client_software_version: str = string(since=3, default="")


class ApiVersion(Struct):
    """The versions of one api that are served, the first and the last."""

    api_key: int = int16()
    min_version: int = int16()
    max_version: int = int16()


class SupportedFeatureKey(Struct):
    """A feature of the cluster, and the levels of it that the broker could work at."""

    name: str = string()
    min_version: int = int16()
    max_version: int = int16()


class FinalizedFeatureKey(Struct):
    """A feature of the cluster, and the levels of it that are in force."""

    name: str = string()
    max_version_level: int = int16()
    min_version_level: int = int16()


class ApiVersionsResponse(Struct):
    """The apis that are served."""

    error_code: int = int16(default=0)
    api_keys: Sequence[ApiVersion] = array(ApiVersion)
    throttle_time_ms: int = int32(since=1, default=0)
    supported_features: Sequence[SupportedFeatureKey] = array(SupportedFeatureKey, since=3, default=(), tag=0)
    finalized_features_epoch: int = int64(since=3, default=-1, tag=1)
    finalized_features: Sequence[FinalizedFeatureKey] = array(FinalizedFeatureKey, since=3, default=(), tag=2)
    zk_migration_ready: bool = boolean(since=3, default=False, tag=3)


class MetadataRequestTopic(Struct):
    """A topic that is asked about."""

    name: str = string()


class MetadataRequest(Struct):
    """Where are these topics? `topics` None: all of them; none: only the brokers."""

    topics: Sequence[MetadataRequestTopic] | None = array(MetadataRequestTopic, nullable=1)
    allow_auto_topic_creation: bool = boolean(since=4, default=True)
    include_cluster_authorized_operations: bool = boolean(since=8, default=False)
    include_topic_authorized_operations: bool = boolean(since=8, default=False)


class MetadataResponseBroker(Struct):
    """A broker, and where clients reach it."""

    node_id: int = int32()
    host: str = string()
    port: int = int32()
    rack: str | None = string(nullable=1, default=None)


class MetadataResponsePartition(Struct):
    """A partition, its leader, all its replicas, and those that are in sync."""

    error_code: int = int16(default=0)
    partition_index: int = int32()
    leader_id: int = int32()
    leader_epoch: int = int32(since=7, default=-1)
    replica_nodes: Sequence[int] = array(int32)
    isr_nodes: Sequence[int] = array(int32)
    offline_replicas: Sequence[int] = array(int32, since=5, default=())


class MetadataResponseTopic(Struct):
    """A topic and its partitions. Authorized operations: a set of bits, or -2³¹ where nobody asked."""

    error_code: int = int16(default=0)
    name: str = string()
    is_internal: bool = boolean(default=False)
    partitions: Sequence[MetadataResponsePartition] = array(MetadataResponsePartition)
    topic_authorized_operations: int = int32(since=8, default=-(1 << 31))


class MetadataResponse(Struct):
    """The cluster."""

    throttle_time_ms: int = int32(since=3, default=0)
    brokers: Sequence[MetadataResponseBroker] = array(MetadataResponseBroker)
    cluster_id: str | None = string(since=2, nullable=2, default=None)
    controller_id: int = int32(default=-1)
    topics: Sequence[MetadataResponseTopic] = array(MetadataResponseTopic)
    cluster_authorized_operations: int = int32(since=8, default=-(1 << 31))


class FindCoordinatorRequest(Struct):
    """Who looks after this group (`key_type` 0) or this transactional id (1)?"""

    key: str = string()
    key_type: int = int8(since=1, default=0)


class FindCoordinatorResponse(Struct):
    """The broker that does."""

    throttle_time_ms: int = int32(since=1, default=0)
    error_code: int = int16(default=0)
    error_message: str | None = string(since=1, nullable=1, default=None)
    node_id: int = int32()
    host: str = string()
    port: int = int32()


class InitProducerIdRequest(Struct):
    """A number under which a producer's batches can be told apart from another's."""

    transactional_id: str | None = string(nullable=0, default=None)
    transaction_timeout_ms: int = int32()


class InitProducerIdResponse(Struct):
    """The number."""

    throttle_time_ms: int = int32(default=0)
    error_code: int = int16(default=0)
    producer_id: int = int64(default=-1)
    producer_epoch: int = int16()
