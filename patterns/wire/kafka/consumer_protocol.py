"""The consumer protocol: what the consumers of a group say to each other, through a broker that does not read it.

The problem: who gets which partition is for the consumers to decide, but they know each other only through the broker.
The assumption: each says what it wants (a subscription, in JoinGroup), one of them decides for all (an assignment for
each, in SyncGroup), and the broker only carries bytes. The bargain: a new way of sharing out needs no new broker; in
exchange a broker that wants to tell who has what must read other people's letters, which is what this is for.

A version stands in front. Later ones only add fields behind, so a newer one is read as the newest that is known here
(ConsumerProtocolSubscription.json, ConsumerProtocolAssignment.json).
"""

import struct
from collections.abc import Sequence
from typing import TypeVar

from patterns.wire.kafka import walk
from patterns.wire.kafka.errors import Malformed, Truncated
from patterns.wire.kafka.schema import Struct, array, blob, int32, string

PROTOCOL_TYPE = "consumer"
"""What `protocol_type` in JoinGroup says of a group that speaks it."""
NEWEST = 3
_VERSION = struct.Struct(">h")


class TopicPartitions(Struct):
    """Some partitions of a topic."""

    topic: str = string()
    partitions: Sequence[int] = array(int32)


class Subscription(Struct):
    """What a consumer wants, and what it had so far (KIP-429). `user_data` is its assignor's own."""

    topics: Sequence[str] = array(string)
    user_data: bytes | None = blob(nullable=0, default=None)
    owned_partitions: Sequence[TopicPartitions] = array(TopicPartitions, since=1, default=())
    generation_id: int = int32(since=2, default=-1)
    rack_id: str | None = string(since=3, nullable=3, default=None)


class Assignment(Struct):
    """What a consumer is given."""

    assigned_partitions: Sequence[TopicPartitions] = array(TopicPartitions)
    user_data: bytes | None = blob(nullable=0, default=None)

    @property
    def pairs(self) -> tuple[tuple[str, int], ...]:
        """(topic, partition), one by one."""
        return tuple((each.topic, number) for each in self.assigned_partitions for number in each.partitions)


Letter = TypeVar("Letter", Subscription, Assignment)


def decode_subscription(data: bytes) -> Subscription:
    """What stands in JoinGroup's `metadata`. Raises `Malformed`."""
    return _decoded(Subscription, data)


def decode_assignment(data: bytes) -> Assignment:
    """What stands in SyncGroup's `assignment`; no bytes at all: nothing is given. Raises `Malformed`."""
    return _decoded(Assignment, data) if data else Assignment(assigned_partitions=())


def encode(letter: Subscription | Assignment, version: int = 0) -> bytes:
    """The letter's bytes, its version in front. Raises `Unencodable`."""
    return _VERSION.pack(version) + walk.write(letter, version)


def _decoded(kind: type[Letter], data: bytes) -> Letter:
    if len(data) < _VERSION.size:
        raise Truncated(f"2 bytes of version in front of a {kind.__name__}", str(len(data)), "send one")
    (version,) = _VERSION.unpack_from(data)
    if version < 0:
        raise Malformed(f"a {kind.__name__} of version 0 or later", f"version {version}", "send one")
    letter = walk.read(kind, min(version, NEWEST), data, _VERSION.size, newer=version > NEWEST)
    assert isinstance(letter, kind)
    return letter
