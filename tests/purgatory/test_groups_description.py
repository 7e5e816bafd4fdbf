"""A group as one sees it from outside."""

from __future__ import annotations

from coordinated import Desk

from patterns.purgatory.groups import Committed, GroupDescription, GroupMove, GroupState, MemberDescription, Moved
from patterns.wire.kafka.consumer_protocol import Assignment, Subscription, TopicPartitions, encode

S, M = GroupState, GroupMove


def wants(*topics: str) -> dict[str, bytes]:
    return {"range": encode(Subscription(topics=topics), 1)}


def gets(topic: str, *numbers: int) -> bytes:
    return encode(Assignment(assigned_partitions=(TopicPartitions(topic=topic, partitions=numbers),)), 1)


def test_it_shows_who_is_there_what_each_wants_and_has_and_how_far_they_are() -> None:
    desk = Desk()
    desk.join("a", protocols=wants("events", "other"))
    assert desk.coordinator.describe("g") == GroupDescription(
        "g",
        S.COMPLETING_REBALANCE,
        1,
        "range",
        (MemberDescription("a-1", "a", is_leader=True, wants=("events", "other")),),
        committed={},
        moves=(Moved(1_000, S.EMPTY, M.JOIN), Moved(1_000, S.PREPARING_REBALANCE, M.ALL_JOINED)),
    )
    desk.advance(500)
    desk.sync("a-1", 1, {"a-1": gets("events", 0, 1)})
    desk.commit(17, "a-1", 1)
    desk.join("b", protocols=wants("events"))
    desk.join("late", version=4)
    assert desk.coordinator.describe("g") == GroupDescription(
        "g",
        S.PREPARING_REBALANCE,
        1,
        "range",
        (
            MemberDescription("a-1", "a", None, True, ("events", "other"), (("events", 0), ("events", 1))),
            MemberDescription("b-2", "b", wants=("events",), waits_for="JoinGroup"),
        ),
        pending=("late-3",),
        committed={("events", 0): Committed(17, 2)},
        moves=(
            Moved(1_000, S.EMPTY, M.JOIN),
            Moved(1_000, S.PREPARING_REBALANCE, M.ALL_JOINED),
            Moved(1_500, S.COMPLETING_REBALANCE, M.ASSIGNMENT),
            Moved(1_500, S.STABLE, M.JOIN),
        ),
    )


def test_in_words_it_fits_on_a_few_lines() -> None:
    desk = Desk()
    desk.join("a", protocols=wants("events"))
    desk.sync("a-1", 1, {"a-1": gets("events", 0, 1)})
    assert str(desk.coordinator.describe("g")) == "g: Stable, generation 1, range\n  a (leader): events[0], events[1]"
    desk.join("b", protocols=wants("events"))
    desk.join("a", "a-1", protocols=wants("events"))
    desk.sync("b-2", 2)
    assert str(desk.coordinator.describe("g")) == (
        "g: CompletingRebalance, generation 2, range\n  a (leader): nothing\n  b: nothing, waits for SyncGroup"
    )


def test_a_group_that_nobody_knows_is_dead_and_one_with_offsets_alone_is_empty() -> None:
    desk = Desk()
    assert str(desk.coordinator.describe("g")) == "g: Dead, generation 0"
    desk.commit(4)
    assert desk.coordinator.describe("g") == GroupDescription("g", S.EMPTY, committed={("events", 0): Committed(4, 2)})


def test_what_is_not_the_consumer_protocol_or_is_broken_is_not_read() -> None:
    desk = Desk()
    desk.join("a", protocol_type="connect", group_id="connect", protocols=wants("events"))
    desk.join("b", protocols={"range": b"?"})
    for group_id, name in (("connect", "a-1"), ("g", "b-2")):
        (member,) = desk.coordinator.describe(group_id).members
        assert member == MemberDescription(name, name[0], is_leader=True)


def test_to_look_at_a_group_makes_none() -> None:
    desk = Desk()
    desk.coordinator.describe("g")
    assert desk.coordinator.groups == ()
