"""Consumer groups through the tap: a few words each, few enough for two consumers side by side."""

from __future__ import annotations

import pytest

from patterns.wire.kafka import Struct, encode_request, encode_response
from patterns.wire.kafka.apis import groups
from patterns.wire.kafka.consumer_protocol import Assignment, Subscription, TopicPartitions, encode
from patterns.wire.tap import Direction, Kind, Traffic
from patterns.wire.tap import Record as Handed
from patterns.wire.tap.kafka import KAFKA

LONG = "kafka-python-3.0.12-7c1f9a52-93bb-4d0c-b1ad-5b4a2f1f480c"
OTHER = "rdkafka-0f8a9c1d-bee5"
UNKNOWN, REBALANCE = 25, 27


def gets(**topics: tuple[int, ...]) -> bytes:
    parts = tuple(TopicPartitions(topic=name, partitions=numbers) for name, numbers in topics.items())
    return encode(Assignment(assigned_partitions=parts))


def join(
    member_id: str, metadata: bytes, *, protocol_type: str = "consumer", name: str | None = None
) -> groups.JoinGroupRequest:
    return groups.JoinGroupRequest(
        group_id="g",
        session_timeout_ms=6_000,
        member_id=member_id,
        group_instance_id=name,
        protocol_type=protocol_type,
        protocols=(groups.JoinGroupRequestProtocol(name="range", metadata=metadata),),
    )


def joined(code: int, *members: str) -> groups.JoinGroupResponse:
    told = tuple(groups.JoinGroupResponseMember(member_id=each, metadata=b"") for each in members)
    return groups.JoinGroupResponse(
        error_code=code, generation_id=2, protocol_name="range", leader=LONG, member_id=LONG, members=told
    )


def sync(*members: str) -> groups.SyncGroupRequest:
    shares = tuple(groups.SyncGroupRequestAssignment(member_id=each, assignment=b"") for each in members)
    return groups.SyncGroupRequest(group_id="g", generation_id=2, member_id=LONG, assignments=shares)


def synced(assignment: bytes, code: int = 0) -> groups.SyncGroupResponse:
    return groups.SyncGroupResponse(error_code=code, assignment=assignment)


def commit(**offsets: int) -> groups.OffsetCommitRequest:
    return groups.OffsetCommitRequest(
        group_id="g",
        member_id=LONG,
        topics=tuple(
            groups.OffsetCommitRequestTopic(
                name=name,
                partitions=(
                    groups.OffsetCommitRequestPartition(
                        partition_index=0, committed_offset=offset, committed_metadata=None
                    ),
                ),
            )
            for name, offset in offsets.items()
        ),
    )


def committed(**codes: int) -> groups.OffsetCommitResponse:
    return groups.OffsetCommitResponse(
        topics=tuple(
            groups.OffsetCommitResponseTopic(
                name=name, partitions=(groups.OffsetCommitResponsePartition(partition_index=0, error_code=code),)
            )
            for name, code in codes.items()
        )
    )


def found(code: int, **offsets: int) -> groups.OffsetFetchResponse:
    return groups.OffsetFetchResponse(
        error_code=code,
        topics=tuple(
            groups.OffsetFetchResponseTopic(
                name=name,
                partitions=(
                    groups.OffsetFetchResponsePartition(
                        partition_index=3, committed_offset=offset, metadata="", error_code=3 if offset == -3 else 0
                    ),
                ),
            )
            for name, offset in offsets.items()
        ),
    )


def leave(*members: tuple[str, str | None]) -> groups.LeaveGroupRequest:
    leaving = tuple(groups.MemberIdentity(member_id=key, group_instance_id=name) for key, name in members)
    return groups.LeaveGroupRequest(group_id="g", members=leaving)


def left(**codes: int) -> groups.LeaveGroupResponse:
    gone = tuple(groups.MemberResponse(member_id=key, error_code=code) for key, code in codes.items())
    return groups.LeaveGroupResponse(members=gone)


WANTS = encode(Subscription(topics=("events",)), 1)
ASKED = groups.OffsetFetchRequestTopic(name="t", partition_indexes=(7, 0, 1, 2))
LABELS = [
    (join("", WANTS), 2, "JoinGroup v2 g new wants events", joined(0, LONG, OTHER), "JoinGroup ← gen 2, leads 2"),
    (join(LONG, b"?"), 2, "JoinGroup v2 g …480c wants consumer", joined(0), "JoinGroup ← gen 2, follows"),
    (join("", encode(Subscription(topics=())), name="A"), 5, "JoinGroup v5 g A wants nothing",
     joined(79), "JoinGroup ← MEMBER_ID_REQUIRED"),
    (sync(LONG, OTHER), 1, "SyncGroup v1 …480c, 2 shares",
     synced(gets(t=(0, 1, 2, 7, 9), events=(4,))), "SyncGroup ← t[0–2, 7, 9], events[4]"),
    (sync(), 1, "SyncGroup v1 …480c of gen 2", synced(b""), "SyncGroup ← nothing"),
    (sync(), 1, "SyncGroup v1 …480c of gen 2", synced(b"?"), "SyncGroup ← 1 byte"),
    (sync(), 1, "SyncGroup v1 …480c of gen 2", synced(b"", REBALANCE), "SyncGroup ← REBALANCE_IN_PROGRESS"),
    (groups.HeartbeatRequest(group_id="g", generation_id=2, member_id=OTHER, group_instance_id="name-of-A"), 3,
     "Heartbeat v3 …of-A of gen 2", groups.HeartbeatResponse(error_code=REBALANCE),
     "Heartbeat ← REBALANCE_IN_PROGRESS"),
    (groups.LeaveGroupRequest(group_id="g", member_id=LONG), 1, "LeaveGroup v1 …480c",
     groups.LeaveGroupResponse(error_code=UNKNOWN), "LeaveGroup ← UNKNOWN_MEMBER_ID"),
    (leave((LONG, None), ("", "A")), 3, "LeaveGroup v3 …480c, A", left(a=0, b=UNKNOWN),
     "LeaveGroup ← b UNKNOWN_MEMBER_ID"),
    (leave((LONG, None)), 3, "LeaveGroup v3 …480c", left(a=0), "LeaveGroup ← done"),
    (commit(t=17), 2, "OffsetCommit v2 t[0]@17", committed(t=0), "OffsetCommit ← done"),
    (commit(a=1, b=2, c=3), 7, "OffsetCommit v7 3 partitions", committed(a=0, b=UNKNOWN, c=UNKNOWN),
     "OffsetCommit ← b[0] UNKNOWN_MEMBER_ID, c[0] UNKNOWN_MEMBER_ID"),
    (groups.OffsetFetchRequest(group_id="g", topics=None), 2, "OffsetFetch v2 g all",
     groups.OffsetFetchResponse(topics=(groups.OffsetFetchResponseTopic(name="t", partitions=tuple(
         groups.OffsetFetchResponsePartition(partition_index=number, committed_offset=offset, metadata="")
         for number, offset in ((0, 1), (1, 1), (2, -1), (3, 1)))),)), "OffsetFetch ← t[0–1, 3]@1, t[2] none"),
    (commit(), 7, "OffsetCommit v7 nothing", committed(), "OffsetCommit ← done"),
    (groups.OffsetFetchRequest(group_id="g", topics=(ASKED,)), 5, "OffsetFetch v5 g t[0–2, 7]",
     found(0, t=17, u=-1), "OffsetFetch ← t[3]@17, u[3] none"),
    (groups.OffsetFetchRequest(group_id="g", topics=None), 2, "OffsetFetch v2 g all",
     found(0, t=-3), "OffsetFetch ← t[3] UNKNOWN_TOPIC_OR_PARTITION"),
    (groups.OffsetFetchRequest(group_id="g", topics=None), 2, "OffsetFetch v2 g all",
     found(0), "OffsetFetch ← nothing"),
    (groups.OffsetFetchRequest(group_id="g", topics=None), 2, "OffsetFetch v2 g all",
     found(24), "OffsetFetch ← INVALID_GROUP_ID"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "version", "label", "answer", "its_label"), LABELS)
def test_what_members_and_coordinator_say_to_each_other_has_a_few_words(
    asked: Struct, version: int, label: str, answer: Struct, its_label: str
) -> None:
    traffic = Traffic(framing=KAFKA)
    pieces = (
        (Direction.TO_SERVER, encode_request(asked, version, 5)),
        (
            Direction.TO_CLIENT,
            encode_response(answer, version, 5),
        ),
    )
    for at, (way, data) in enumerate(pieces):
        traffic.append(Handed(at, 1, way, Kind.DATA, data, at))
    assert [each.label for each in traffic.messages()] == [label, its_label]
