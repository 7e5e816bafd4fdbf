"""Committed offsets: who may commit what and when, and that a log of commits brings them back."""

from __future__ import annotations

import pytest
from coordinated import Desk
from hypothesis import given
from hypothesis import strategies as st

from patterns.purgatory.groups import Committed, CommittedOffsets
from patterns.wait.partition_log import PartitionLog
from patterns.wire.kafka import ErrorCode, decode_records
from patterns.wire.kafka.apis.groups import (
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)

E = ErrorCode


def found(*topics: tuple[str, tuple[tuple[int, int, int, str], ...]]) -> OffsetFetchResponse:
    return OffsetFetchResponse(
        topics=tuple(
            OffsetFetchResponseTopic(
                name=name,
                partitions=tuple(
                    OffsetFetchResponsePartition(
                        partition_index=number, committed_offset=offset, committed_leader_epoch=epoch, metadata=text
                    )
                    for number, offset, epoch, text in parts
                ),
            )
            for name, parts in topics
        )
    )


def test_a_member_commits_and_whoever_asks_finds_it() -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    assert desk.commit(17, only, 1, metadata="x") == E.NONE
    assert desk.commit(18, only, 1, partition=1, metadata=None) == E.NONE
    assert desk.committed() == found(("events", ((0, 17, 2, "x"), (1, 18, 2, ""))))
    assert desk.committed({"events": (1, 2), "other": (0,)}) == found(
        ("events", ((1, 18, 2, ""), (2, -1, -1, ""))), ("other", ((0, -1, -1, ""),))
    )
    assert desk.committed(group_id="other") == found()


def test_offsets_survive_the_members_and_count_from_the_last_commit() -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    for offset in (17, 23, 19):
        desk.commit(offset, only, 1)
    desk.leave(only)
    desk.stable("b")
    assert desk.committed() == found(("events", ((0, 19, 2, ""),)))


def test_who_shares_out_by_hand_commits_to_a_group_without_members() -> None:
    desk = Desk()
    assert desk.commit(4) == E.NONE
    assert (desk.state, desk.coordinator.groups) == ("Empty", ("g",))
    desk.stable("a")
    assert desk.commit(5) == E.UNKNOWN_MEMBER_ID
    assert desk.committed() == found(("events", ((0, 4, 2, ""),)))


@pytest.mark.parametrize(
    ("member_id", "generation_id", "group_id", "code"),
    [
        ("a-1", 2, "g", E.ILLEGAL_GENERATION),
        ("a-1", 0, "g", E.ILLEGAL_GENERATION),
        ("a-1", -1, "g", E.ILLEGAL_GENERATION),
        ("who?", 1, "g", E.UNKNOWN_MEMBER_ID),
        ("a-1", 1, "other", E.ILLEGAL_GENERATION),
    ],
)
def test_strangers_commit_nothing(member_id: str, generation_id: int, group_id: str, code: ErrorCode) -> None:
    desk = Desk()
    desk.stable("a")
    assert desk.commit(3, member_id, generation_id, group_id=group_id) == code
    assert desk.committed(group_id=group_id) == found()
    assert desk.coordinator.groups == ("g",)


def test_in_a_rebalance_the_old_generation_may_commit_until_the_new_one_has_begun() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    assert desk.commit(3, first, 1) == E.NONE
    desk.join("a", first)
    assert desk.commit(4, first, 1) == E.ILLEGAL_GENERATION
    assert desk.commit(4, first, 2) == E.REBALANCE_IN_PROGRESS
    assert desk.committed() == found(("events", ((0, 3, 2, ""),)))


def test_too_much_beside_an_offset_and_a_partition_that_is_none_are_refused_one_by_one() -> None:
    desk = Desk(max_metadata=3, has_partition=lambda topic, number: (topic, number) == ("events", 0))
    assert desk.commit(1, metadata="four") == E.OFFSET_METADATA_TOO_LARGE
    assert desk.commit(1, partition=1) == E.UNKNOWN_TOPIC_OR_PARTITION
    assert desk.coordinator.groups == ()
    assert desk.commit(1, metadata="123") == E.NONE


def test_after_a_restart_the_log_of_commits_tells_what_was_committed() -> None:
    log = PartitionLog()
    desk = Desk(log=log)
    (only,) = desk.stable("a")
    desk.commit(17, only, 1)
    desk.commit(18, only, 1, metadata="später")
    desk.commit(3, group_id="h", topic="other", partition=5)
    again = Desk(log=log)
    assert again.coordinator.groups == ("g", "h")
    assert again.committed() == found(("events", ((0, 18, 2, "später"),)))
    assert again.committed(group_id="h") == found(("other", ((5, 3, 2, ""),)))
    assert again.beat(only, 1) == E.UNKNOWN_MEMBER_ID  # and it joins again
    assert again.commit(18, only, 1) == E.ILLEGAL_GENERATION


def test_a_commit_is_a_record_with_the_key_and_the_value_of_kafkas_offsets_topic() -> None:
    log = PartitionLog()
    CommittedOffsets(log).commit("g", {("ev", 2): Committed(17, 3, "m")})
    (record,) = decode_records(log.read(0))
    assert record.key == bytes.fromhex("0001 0001 67 0002 6576 00000002")
    assert record.value == bytes.fromhex("0003 0000000000000011 00000003 0001 6d ffffffffffffffff")


def test_what_the_log_refuses_was_not_committed() -> None:
    class Full(PartitionLog):
        def append(self, data: bytes, records: int) -> int:
            raise OSError("no space left on device")

    offsets = CommittedOffsets(Full())
    with pytest.raises(OSError, match=r"^no space left on device$"):
        offsets.commit("g", {("events", 0): Committed(1)})
    assert (offsets.of("g"), offsets.groups()) == ({}, [])


COMMITS = st.lists(
    st.tuples(
        st.sampled_from("gh"),
        st.dictionaries(
            st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2)),
            st.builds(Committed, st.integers(0, 1 << 62), st.integers(-1, 9), st.text(max_size=5)),
            max_size=3,
        ),
    ),
    max_size=40,
)


@given(COMMITS)
def test_a_log_that_forgets_its_beginning_still_tells_everything(
    commits: list[tuple[str, dict[tuple[str, int], Committed]]],
) -> None:
    log = PartitionLog(retention_bytes=6_000, segment_bytes=500)
    offsets = CommittedOffsets(log, rewrite_bytes=1_000)
    expected: dict[str, dict[tuple[str, int], Committed]] = {}
    for group_id, noted in commits:
        offsets.commit(group_id, noted)
        if noted:
            expected.setdefault(group_id, {}).update(noted)
    for each in (offsets, CommittedOffsets(log)):
        assert {group_id: each.of(group_id) for group_id in each.groups()} == expected


def test_nor_is_anything_forgotten_by_a_broker_that_is_restarted_again_and_again() -> None:
    log = PartitionLog(retention_bytes=6_000, segment_bytes=500)
    CommittedOffsets(log, rewrite_bytes=1_000).commit("once", {("events", 0): Committed(1)})
    for number in range(20):
        offsets = CommittedOffsets(log, rewrite_bytes=1_000)
        for step in range(5):
            offsets.commit("often", {("events", 0): Committed(10 * number + step)})
    assert CommittedOffsets(log).of("once") == {("events", 0): Committed(1)}


def test_a_log_of_five_thousand_commits_is_short() -> None:
    log = PartitionLog(retention_bytes=50_000, segment_bytes=5_000)
    offsets = CommittedOffsets(log, rewrite_bytes=10_000)
    for number in range(5_000):
        offsets.commit("g", {("events", number % 3): Committed(number)})
    assert log.size_bytes < 60_000
    assert CommittedOffsets(log).of("g") == {("events", n % 3): Committed(n) for n in (4_997, 4_998, 4_999)}
