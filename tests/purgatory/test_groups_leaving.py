"""How members go: they leave, fall silent, or do not ask what they are given; and the group goes on without them."""

from __future__ import annotations

import pytest
from coordinated import REBALANCE_MS, SESSION_MS, Desk, given, joined, refused, sync_refused

from patterns.wire.kafka import ErrorCode
from patterns.wire.kafka.apis.groups import LeaveGroupResponse, MemberResponse

E = ErrorCode


def test_when_one_leaves_the_others_hear_of_it_with_their_next_heartbeat() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    assert desk.leave(first) == E.NONE
    assert desk.state == "PreparingRebalance"
    assert desk.beat(first, 2) == E.UNKNOWN_MEMBER_ID
    assert desk.beat(second, 2) == E.REBALANCE_IN_PROGRESS
    assert desk.join("b", second).answer == joined(second, 3, second, {second: b"b"})


def test_when_the_last_one_leaves_and_nothing_was_committed_the_group_is_forgotten() -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    desk.leave(only)
    assert (desk.state, desk.coordinator.groups, desk.pending) == ("Dead", (), {})
    assert desk.join("b").answer.generation_id == 1


def test_with_offsets_it_stays_empty_and_goes_on_counting() -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    desk.commit(5, only, 1)
    desk.leave(only)
    assert (desk.state, desk.generation_id, desk.pending) == ("Empty", 2, {})
    assert desk.join("b").answer.generation_id == 3


def test_a_member_that_is_silent_for_its_session_is_out_to_the_millisecond() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    desk.advance(4_000)
    assert desk.beat(second, 2) == E.NONE
    desk.advance(SESSION_MS - 4_000 - 1)
    assert desk.state == "Stable"
    desk.advance(1)
    assert desk.state == "PreparingRebalance"
    assert desk.beat(first, 2) == E.UNKNOWN_MEMBER_ID
    assert desk.beat(second, 2) == E.REBALANCE_IN_PROGRESS


def test_heartbeats_keep_a_member_in_for_an_hour_and_cost_one_time_out_at_a_time() -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    for _ in range(1_200):
        desk.advance(3_000)
        assert desk.beat(only, 1) == E.NONE
    assert (desk.pending, desk.purgatory.num_delayed) == ({"DelayedHeartbeat": 1}, 1)


@pytest.mark.parametrize("sign", ["commit", "sync"])
def test_what_else_a_member_says_is_a_sign_of_life_too(sign: str) -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    for _ in range(3):
        desk.advance(SESSION_MS - 1)
        if sign == "commit":
            assert desk.commit(3, only, 1) == E.NONE
        else:
            assert desk.sync(only, 1).answer == given(b"a-1")
    assert desk.state == "Stable"


def test_a_member_that_waits_to_be_answered_need_send_no_sign_of_life() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    desk.join("c")
    again = desk.join("b", second)
    for _ in range(2):
        desk.advance(SESSION_MS - 1)
        desk.beat(first, 2)
    desk.join("a", first)
    assert again.answer == joined(second, 3, first)
    desk.advance(SESSION_MS - 1)
    assert desk.beat(second, 3) == E.NONE
    desk.advance(SESSION_MS)
    assert desk.beat(second, 3) == E.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("outcome", ["shared out", "another rebalance"])
def test_nor_need_one_that_waits_for_what_it_is_given_but_after_the_answer_its_session_begins(outcome: str) -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    waits = desk.sync("b-2", 2)
    for _ in range(2):
        desk.advance(SESSION_MS - 1)
        desk.beat(first, 2)
    if outcome == "shared out":
        desk.sync(first, 2, {"b-2": b"2"})
        assert waits.answer == given(b"2")
    else:
        desk.join("c")
        assert waits.answer == sync_refused(E.REBALANCE_IN_PROGRESS)
    desk.advance(SESSION_MS - 1)
    assert "b-2" in [each.member_id for each in desk.coordinator.describe("g").members]
    desk.advance(1)
    assert "b-2" not in [each.member_id for each in desk.coordinator.describe("g").members]


def test_a_leader_that_does_not_share_out_is_out_and_the_others_join_again() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    waits = desk.sync("b-2", 2)
    while desk.state == "CompletingRebalance":
        desk.advance(1_000)
        desk.beat(first, 2)  # it lives, and does nothing
    assert desk.now_ms == 1_000 + REBALANCE_MS
    assert waits.answer == sync_refused(E.REBALANCE_IN_PROGRESS)
    assert desk.beat(first, 2) == E.UNKNOWN_MEMBER_ID
    assert desk.join("b", "b-2").answer == joined("b-2", 3, "b-2", {"b-2": b"b"})


def test_a_member_that_does_not_ask_what_it_is_given_is_out_although_all_else_is_well() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    desk.sync(first, 2, {first: b"1", "b-2": b"2"})
    for _ in range(REBALANCE_MS // 5_000):
        assert [desk.beat(first, 2), desk.beat("b-2", 2)] == [E.NONE, E.NONE]
        desk.advance(5_000)
    assert desk.beat("b-2", 2) == E.UNKNOWN_MEMBER_ID
    assert desk.beat(first, 2) == E.REBALANCE_IN_PROGRESS


def test_one_that_leaves_while_all_are_waited_for_is_waited_for_no_more() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    other = desk.join("c")
    desk.join("b", second)
    assert other.is_parked
    desk.leave(first)
    assert other.answer == joined("c-3", 3, second)


def test_one_whose_question_is_held_and_that_is_made_to_leave_is_answered() -> None:
    desk = Desk()
    first, second = desk.stable("a", "b")
    held = desk.join("b", second)
    assert held.answer == joined(second, 2, first)  # nothing new: not held
    held = desk.join("a", first)
    desk.leave(first)
    assert held.answer == refused(E.UNKNOWN_MEMBER_ID)


def test_one_that_waits_for_what_it_is_given_and_is_made_to_leave_is_answered() -> None:
    desk = Desk()
    (first,) = desk.stable("a")
    desk.join("b")
    desk.join("a", first)
    held = desk.sync("b-2", 2)
    desk.leave("b-2")
    assert held.answer == sync_refused(E.UNKNOWN_MEMBER_ID)
    assert desk.state == "PreparingRebalance"


def test_an_id_that_was_only_given_out_can_be_given_back() -> None:
    desk = Desk()
    desk.join("a", version=4)
    other = desk.join("b")
    assert desk.leave("a-1") == E.NONE
    assert other.answer == joined("b-2", 1, "b-2", {"b-2": b"b"})


def test_when_the_last_member_leaves_who_has_only_an_id_is_not_waited_for() -> None:
    desk = Desk()
    (only,) = desk.stable("a")
    desk.join("b", version=4)
    desk.leave(only)
    assert desk.state == "Empty"
    assert desk.join("b", "b-2", version=4).answer == joined("b-2", 3, "b-2", {"b-2": b"b"})


def test_several_leave_with_one_request_and_each_is_answered_for() -> None:
    desk = Desk()
    first, second, third = desk.stable("a", "b", "c")
    assert desk.leave_together((first, None), ("who?", None), (third, None)) == LeaveGroupResponse(
        members=(
            MemberResponse(member_id=first),
            MemberResponse(member_id="who?", error_code=E.UNKNOWN_MEMBER_ID),
            MemberResponse(member_id=third),
        )
    )
    assert desk.join("b", second).answer == joined(second, 4, second, {second: b"b"})


def test_who_leaves_a_group_that_is_none_is_told_so() -> None:
    desk = Desk()
    assert desk.leave("who?") == E.UNKNOWN_MEMBER_ID
    assert desk.leave("who?", group_id="") == E.INVALID_GROUP_ID
    assert desk.leave_together(("who?", None), group_id="") == LeaveGroupResponse(error_code=E.INVALID_GROUP_ID)
    assert desk.leave_together(("who?", None)) == LeaveGroupResponse(
        members=(MemberResponse(member_id="who?", error_code=E.UNKNOWN_MEMBER_ID),)
    )


def test_a_broker_that_nobody_talks_to_any_more_ends_with_an_empty_purgatory() -> None:
    desk = Desk(initial_rebalance_delay_ms=500)
    desk.join("late", version=4)
    for name in "abc":
        desk.join(name)
    desk.join("other", group_id="h")
    desk.advance(3_600_000)
    assert (desk.coordinator.groups, desk.pending, desk.purgatory.num_delayed) == ((), {}, 0)
    assert all(len(asked.answers) == 1 for asked in desk.asked)
    desk.purgatory.purge()
    assert desk.purgatory.watched == 0
