"""Consumer groups in a few words: who joins, who leads which generation, who is given what, how far they have read.

What consumers say to each other inside is read as the consumer protocol if it is that, otherwise its size is shown.
Members' ids are long, and differ at their end. Two consumers' connections are drawn side by side, so words are scarce.
"""

from collections.abc import Callable, Iterable
from typing import Any

from patterns.wire.kafka import KafkaError, Struct
from patterns.wire.kafka.apis import groups
from patterns.wire.kafka.consumer_protocol import decode_assignment, decode_subscription
from patterns.wire.tap.kafka.phrases import count, error, few, ranges, together

END_SHOWN = 4
TOLD_APART = 2


def _member(body: Any) -> str:
    """By the name that it keeps (KIP-345), or by the end of its id; or it has none yet."""
    name: str = getattr(body, "group_instance_id", None) or body.member_id or "new"
    return f"…{name[-END_SHOWN:]}" if len(name) > END_SHOWN + 1 else name


def _join(body: groups.JoinGroupRequest) -> str:
    try:
        wants = few(decode_subscription(body.protocols[0].metadata).topics)
    except (KafkaError, IndexError):
        wants = body.protocol_type
    return f"{body.group_id} {_member(body)} wants {wants or 'nothing'}"


def _joined(body: groups.JoinGroupResponse) -> str:
    if body.error_code:
        return error(body.error_code)
    return f"gen {body.generation_id}, " + (f"leads {len(body.members)}" if body.members else "follows")


def _of_generation(body: groups.HeartbeatRequest) -> str:
    return f"{_member(body)} of gen {body.generation_id}"


def _sync(body: groups.SyncGroupRequest) -> str:
    if body.assignments:
        return f"{_member(body)}, {count(len(body.assignments), 'share')}"
    return f"{_member(body)} of gen {body.generation_id}"


def _synced(body: groups.SyncGroupResponse) -> str:
    if body.error_code:
        return error(body.error_code)
    try:
        assigned = decode_assignment(body.assignment).assigned_partitions
    except KafkaError:
        return count(len(body.assignment), "byte")
    return few(f"{each.topic}[{ranges(sorted(each.partitions))}]" for each in assigned) or "nothing"


def _leave(body: groups.LeaveGroupRequest) -> str:
    return few(map(_member, body.members)) or _member(body)


def _left(body: groups.LeaveGroupResponse) -> str:
    failed = few(f"{_member(each)} {error(each.error_code)}" for each in body.members if each.error_code)
    return error(body.error_code) or failed or "done"


def _commit(body: groups.OffsetCommitRequest) -> str:
    return _partitions(body.topics, lambda part: f"@{part.committed_offset}") or "nothing"


def _committed(body: groups.OffsetCommitResponse) -> str:
    return _partitions(body.topics, lambda part: f" {error(part.error_code)}" if part.error_code else "") or "done"


def _offsets(body: groups.OffsetFetchRequest) -> str:
    if body.topics is None:
        return f"{body.group_id} all"
    return f"{body.group_id} " + few(f"{each.name}[{ranges(sorted(each.partition_indexes))}]" for each in body.topics)


def _offsets_of(body: groups.OffsetFetchResponse) -> str:
    def said(part: groups.OffsetFetchResponsePartition) -> str:
        if part.error_code:
            return f" {error(part.error_code)}"
        return f"@{part.committed_offset}" if part.committed_offset >= 0 else " none"

    return error(body.error_code) or _partitions(body.topics, said) or "nothing"


def _partitions(topics: Iterable[Any], said: Callable[[Any], str]) -> str:
    """What is said of them, or how many they are, if that is too much. Where nothing is said of one, it is left out."""
    told = [(topic.name, part.partition_index, said(part)) for topic in topics for part in topic.partitions]
    told = [each for each in told if each[2]]
    phrases = together(told)
    return ", ".join(phrases) if len(phrases) <= TOLD_APART else count(len(told), "partition")


REQUESTS: dict[type[Struct], Callable[[Any], str]] = {
    groups.JoinGroupRequest: _join,
    groups.SyncGroupRequest: _sync,
    groups.HeartbeatRequest: _of_generation,
    groups.LeaveGroupRequest: _leave,
    groups.OffsetCommitRequest: _commit,
    groups.OffsetFetchRequest: _offsets,
}
RESPONSES: dict[type[Struct], Callable[[Any], str]] = {
    groups.JoinGroupResponse: _joined,
    groups.SyncGroupResponse: _synced,
    groups.LeaveGroupResponse: _left,
    groups.OffsetCommitResponse: _committed,
    groups.OffsetFetchResponse: _offsets_of,
}
