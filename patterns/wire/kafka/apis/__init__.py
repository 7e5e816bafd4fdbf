"""Which apis there are, in which versions, and their messages.

discovery   ApiVersions, Metadata, FindCoordinator, InitProducerId
fetch       Fetch
produce     Produce
topics      ListOffsets, CreateTopics
groups      JoinGroup, SyncGroup, Heartbeat, LeaveGroup, OffsetCommit, OffsetFetch
"""

from collections.abc import Mapping
from typing import NamedTuple

from patterns.wire.kafka.apis import discovery, fetch, groups, produce, topics
from patterns.wire.kafka.codes import ApiKey
from patterns.wire.kafka.schema import Struct


class Versions(NamedTuple):
    """The first and the last that are served; `7 in versions` asks whether one is."""

    first: int
    last: int

    def __contains__(self, version: object) -> bool:
        return isinstance(version, int) and self.first <= version <= self.last

    def __str__(self) -> str:
        return f"v{self.first}" if self.first == self.last else f"v{self.first} to v{self.last}"


class Api(NamedTuple):
    """An api: `name` as Kafka writes it; `flexible`: the first version of the flexible kind, or None if not here."""

    key: ApiKey
    name: str
    versions: Versions
    request: type[Struct]
    response: type[Struct]
    flexible: int | None = None

    def is_flexible(self, version: int) -> bool:
        """Whether that version has compact lengths and tagged fields."""
        return self.flexible is not None and version >= self.flexible


_K, _V = ApiKey, Versions
_EVERY = (
    Api(_K.PRODUCE, "Produce", _V(3, 8), produce.ProduceRequest, produce.ProduceResponse),
    Api(_K.FETCH, "Fetch", _V(4, 11), fetch.FetchRequest, fetch.FetchResponse),
    Api(_K.LIST_OFFSETS, "ListOffsets", _V(1, 5), topics.ListOffsetsRequest, topics.ListOffsetsResponse),
    Api(_K.METADATA, "Metadata", _V(1, 8), discovery.MetadataRequest, discovery.MetadataResponse),
    Api(_K.OFFSET_COMMIT, "OffsetCommit", _V(2, 7), groups.OffsetCommitRequest, groups.OffsetCommitResponse),
    Api(_K.OFFSET_FETCH, "OffsetFetch", _V(1, 5), groups.OffsetFetchRequest, groups.OffsetFetchResponse),
    Api(
        _K.FIND_COORDINATOR,
        "FindCoordinator",
        _V(0, 2),
        discovery.FindCoordinatorRequest,
        discovery.FindCoordinatorResponse,
    ),
    Api(_K.JOIN_GROUP, "JoinGroup", _V(0, 5), groups.JoinGroupRequest, groups.JoinGroupResponse),
    Api(_K.HEARTBEAT, "Heartbeat", _V(0, 3), groups.HeartbeatRequest, groups.HeartbeatResponse),
    Api(_K.LEAVE_GROUP, "LeaveGroup", _V(0, 3), groups.LeaveGroupRequest, groups.LeaveGroupResponse),
    Api(_K.SYNC_GROUP, "SyncGroup", _V(0, 3), groups.SyncGroupRequest, groups.SyncGroupResponse),
    Api(_K.API_VERSIONS, "ApiVersions", _V(0, 3), discovery.ApiVersionsRequest, discovery.ApiVersionsResponse, 3),
    Api(_K.CREATE_TOPICS, "CreateTopics", _V(2, 4), topics.CreateTopicsRequest, topics.CreateTopicsResponse),
    Api(
        _K.INIT_PRODUCER_ID,
        "InitProducerId",
        _V(0, 1),
        discovery.InitProducerIdRequest,
        discovery.InitProducerIdResponse,
    ),
)

APIS: Mapping[int, Api] = {api.key: api for api in _EVERY}
"""By api key."""

API_OF: Mapping[type[Struct], Api] = {message: api for api in _EVERY for message in (api.request, api.response)}
"""By the class of a request or of a response."""

ALL: Mapping[int, Versions] = {api.key: api.versions for api in _EVERY}
"""Everything that can be read and written here."""

GROUPS = (_K.JOIN_GROUP, _K.SYNC_GROUP, _K.HEARTBEAT, _K.LEAVE_GROUP, _K.OFFSET_COMMIT, _K.OFFSET_FETCH)

WITHOUT_GROUPS: Mapping[int, Versions] = {key: versions for key, versions in ALL.items() if key not in GROUPS}
"""What a broker needs for clients that read partitions by name, and produce."""
