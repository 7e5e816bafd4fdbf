"""How members come into a group: JoinGroup is held until all have asked, SyncGroup until the leader has shared out."""

from __future__ import annotations

import pytest
from coordinated import BROKER, REBALANCE_MS, SESSION_MS, Desk, given, joined, refused, sync_refused

from patterns.wire.kafka import ErrorCode
from patterns.wire.kafka.apis.discovery import FindCoordinatorRequest, FindCoordinatorResponse

E = ErrorCode


def test_the_first_member_is_answered_at_once_and_leads() -> None:
    desk = Desk()
    asked = desk.join("a")
    assert asked.answer == joined("a-1", 1, "a-1", {"a-1": b"a"})
    assert desk.state == "CompletingRebalance"
    assert desk.sync("a-1", 1, {"a-1": b"all"}).answer == given(b"all")
    assert (desk.state, desk.pending) == ("Stable", {"DelayedHeartbeat": 1})


def test_a_second_one_waits_until_the_first_has_joined_again_and_only_the_leader_is_told_of_all() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    other = desk.join("b")
    assert other.is_parked
    assert desk.state == "PreparingRebalance"
    assert desk.beat(first, 1) == E.REBALANCE_IN_PROGRESS
    again = desk.join("a", first)
    assert again.answer == joined(first, 2, first, {first: b"a", "b-2": b"b"})
    assert other.answer == joined("b-2", 2, first)
    waits = desk.sync("b-2", 2)
    assert waits.is_parked
    assert desk.sync(first, 2, {first: b"1", "b-2": b"2"}).answer == given(b"1")
    assert waits.answer == given(b"2")
    assert desk.state == "Stable"


def test_who_is_not_mentioned_by_the_leader_is_given_nothing() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    waits = desk.sync("b-2", 2)
    desk.sync(first, 2, {"who?": b"9"})
    assert waits.answer == given(b"")


def test_a_member_that_does_not_join_again_is_out_when_the_rebalance_time_out_is_over() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    other = desk.join("c")
    desk.join("b", second)
    desk.beat(first, 2)
    desk.advance(SESSION_MS - 1)
    for _ in range(2):
        assert desk.beat(first, 2) == E.REBALANCE_IN_PROGRESS
        desk.advance(SESSION_MS - 1)
    desk.beat(first, 2)
    desk.advance(REBALANCE_MS - 3 * (SESSION_MS - 1) - 1)
    assert other.is_parked
    desk.advance(1)
    assert other.answer == joined("c-3", 3, second)
    assert desk.beat(first, 2) == E.UNKNOWN_MEMBER_ID


def test_the_slowest_member_decides_how_long_all_are_waited_for() -> None:
    desk = Desk()
    first, _second = desk.stable("a", "b", rebalance_ms=100)
    other = desk.join("c", rebalance_ms=400)
    desk.join("b", "b-2", rebalance_ms=100)
    desk.beat(first, 2)
    desk.advance(399)
    assert other.is_parked
    desk.advance(1)
    assert other.answer.generation_id == 3


def test_version_0_knows_one_time_out_for_both() -> None:
    desk = Desk()
    first, _second = desk.stable("a", "b", version=0, rebalance_ms=1)
    other = desk.join("c", version=0, rebalance_ms=1)
    desk.join("b", "b-2", version=0, rebalance_ms=1)
    desk.advance(1)
    desk.beat(first, 2)
    desk.advance(SESSION_MS - 2)
    assert other.is_parked
    desk.advance(1)
    assert other.answer.generation_id == 3


def test_from_version_4_a_new_member_is_given_its_id_first_and_waited_for() -> None:
    desk = Desk()
    assert desk.join("a", version=4).answer == refused(E.MEMBER_ID_REQUIRED, "a-1")
    assert (desk.state, desk.pending) == ("Empty", {"DelayedPending": 1})
    assert desk.join("b", version=3).is_parked
    assert desk.join("a", "a-1", version=4).answer == joined("a-1", 1, "b-2")
    assert desk.pending == {"DelayedHeartbeat": 2, "DelayedSync": 1}


def test_who_does_not_come_back_with_its_id_is_waited_for_no_longer_than_its_session() -> None:
    desk = Desk()
    desk.join("a", version=4)
    other = desk.join("b")
    desk.advance(SESSION_MS - 1)
    assert other.is_parked
    desk.advance(1)
    assert other.answer == joined("b-2", 1, "b-2", {"b-2": b"b"})
    assert desk.join("a", "a-1", version=4).answer == refused(E.UNKNOWN_MEMBER_ID, "a-1")


def test_a_group_of_which_only_an_id_was_given_out_is_forgotten() -> None:
    desk = Desk()
    desk.join("a", version=4)
    assert desk.coordinator.groups == ("g",)
    desk.advance(SESSION_MS)
    assert (desk.coordinator.groups, desk.state, desk.pending) == ((), "Dead", {})


def test_a_delayed_first_rebalance_takes_in_those_who_come_meanwhile() -> None:
    desk = Desk(initial_rebalance_delay_ms=3_000)
    first = desk.join("a")
    desk.advance(2_000)
    second = desk.join("b")
    desk.advance(1_000)
    assert first.is_parked  # somebody came: once more
    desk.advance(2_999)
    assert first.is_parked
    desk.advance(1)
    assert first.answer == joined("a-1", 1, "a-1", {"a-1": b"a", "b-2": b"b"})
    assert second.answer == joined("b-2", 1, "a-1")


def test_a_delayed_first_rebalance_is_not_put_off_beyond_the_rebalance_time_out() -> None:
    desk = Desk(initial_rebalance_delay_ms=3_000)
    first = desk.join("0", rebalance_ms=7_000)
    for number in range(1, 8):
        desk.advance(1_000)
        desk.join(str(number), rebalance_ms=7_000)
    assert (first.answer.generation_id, len(first.answer.members)) == (1, 7)


def test_a_new_member_that_is_not_answered_for_five_minutes_is_out() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b", rebalance_ms=3_600_000)
    other = desk.join("c", rebalance_ms=3_600_000)
    for _ in range(60):
        desk.beat(first, 2)
        desk.beat(second, 2)
        desk.advance(5_000)
    assert other.answer == refused(E.UNKNOWN_MEMBER_ID)


def test_the_way_that_most_members_want_is_taken_of_those_that_all_know() -> None:
    desk = Desk()
    (first,) = desk.stable("a", protocols={"sticky": b"s", "range": b"r", "robin": b"o"})
    other = desk.join("b", protocols={"robin": b"O", "range": b"R"})
    third = desk.join("c", protocols={"robin": b"3", "range": b"R"})
    again = desk.join("a", first, protocols={"sticky": b"s", "range": b"r", "robin": b"o"})
    told = {first: b"o", "b-2": b"O", "c-3": b"3"}
    assert again.answer == joined(first, 2, first, told, protocol="robin")
    assert [other.answer.protocol_name, third.answer.protocol_name] == ["robin", "robin"]


def test_with_equally_many_votes_the_older_member_has_its_way() -> None:
    desk = Desk()
    (first,) = desk.stable("a", protocols={"range": b"", "robin": b""})
    desk.join("b", protocols={"robin": b"", "range": b""})
    assert desk.join("a", first, protocols={"range": b"", "robin": b""}).answer.protocol_name == "range"


def test_a_member_that_missed_its_answer_is_given_it_again() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    assert desk.join("b", second).answer == joined(second, 2, first)
    assert desk.sync(second, 2).answer == given(b"b-2")
    assert desk.state == "Stable"


def test_so_is_any_member_that_joins_with_the_same_before_the_leader_has_shared_out() -> None:
    desk = Desk()
    first = desk.join("a").answer.member_id
    assert desk.join("a", first).answer == joined(first, 1, first, {first: b"a"})
    assert desk.state == "CompletingRebalance"


@pytest.mark.parametrize("who", ["leader", "other wishes"])
def test_a_leader_that_asks_again_and_a_member_with_other_wishes_begin_a_rebalance(who: str) -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    asked = desk.join("a", first) if who == "leader" else desk.join("b", second, protocols={"range": b"other"})
    assert asked.is_parked
    assert desk.state == "PreparingRebalance"


def test_one_with_other_wishes_before_the_leader_has_shared_out_sends_all_back_to_join() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    waits = desk.sync("b-2", 2)
    desk.join("a", first, protocols={"range": b"other"})
    assert waits.answer == sync_refused(E.REBALANCE_IN_PROGRESS)
    assert desk.sync("b-2", 2).answer == sync_refused(E.REBALANCE_IN_PROGRESS)
    assert desk.join("b", "b-2").answer == joined("b-2", 3, first)


def test_who_joins_on_two_connections_at_once_is_answered_on_both() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    desk.join("c")
    before = desk.join("b", second)
    after = desk.join("b", second)
    assert before.answer == refused(E.REBALANCE_IN_PROGRESS, second)
    desk.join("a", first)
    assert after.answer == joined(second, 3, first)


def test_who_asks_on_two_connections_what_it_is_given_is_answered_on_both() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    before, after = desk.sync("b-2", 2), desk.sync("b-2", 2)
    desk.sync(first, 2, {"b-2": b"2"})
    assert [before.answer, after.answer] == [sync_refused(E.REBALANCE_IN_PROGRESS), given(b"2")]


def test_the_coordinator_of_every_group_is_this_broker_and_of_transactions_there_is_none() -> None:
    desk = Desk()
    here = FindCoordinatorResponse(node_id=BROKER.node_id, host=BROKER.host, port=BROKER.port)
    assert desk.ask(FindCoordinatorRequest(key="g"), 0).answer == here
    why = "expected the name of a group; there are no transactions here"
    assert desk.ask(FindCoordinatorRequest(key="t", key_type=1), 2).answer == here.replace(
        error_code=E.INVALID_REQUEST, error_message=why
    )
