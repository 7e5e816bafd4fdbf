"""Static members (KIP-345): one that is back under its own name, before its session is over, was never away."""

from __future__ import annotations

import pytest
from coordinated import SESSION_MS, Desk, given, joined, refused, sync_refused

from patterns.wire.kafka import ErrorCode
from patterns.wire.kafka.apis.groups import JoinGroupResponseMember, LeaveGroupResponse, MemberResponse

E = ErrorCode


def two(desk: Desk) -> tuple[str, str]:
    """A stable group of the static "A", which leads, and the dynamic "b"."""
    desk.join("a", instance_id="A")
    desk.sync("A-1", 1)
    desk.join("b")
    desk.join("a", "A-1", instance_id="A")
    desk.sync("b-2", 2)
    desk.sync("A-1", 2, {"A-1": b"1", "b-2": b"2"}, instance_id="A")
    return "A-1", "b-2"


def test_a_static_member_is_named_so_to_the_leader_and_needs_no_id_first() -> None:
    asked = Desk().join("a", instance_id="A")
    member = JoinGroupResponseMember(member_id="A-1", group_instance_id="A", metadata=b"a")
    assert asked.answer == joined("A-1", 1, "A-1").replace(members=(member,))


def test_after_a_restart_it_has_what_it_had_and_nobody_else_notices() -> None:
    desk = Desk()
    first, second = two(desk)
    desk.advance(5_000)
    desk.beat(second, 2)
    back = desk.join("a", instance_id="A")
    assert back.answer == joined("A-3", 2, first)  # the leader is its old self: it shall not share out anew
    assert desk.sync("A-3", 2, instance_id="A").answer == given(b"1")
    assert desk.beat(second, 2) == E.NONE
    assert desk.pending == {"DelayedHeartbeat": 2}
    desk.advance(SESSION_MS - 1)
    assert desk.beat("A-3", 2, instance_id="A") == E.NONE


def test_one_that_led_leads_again_and_may_call_for_a_rebalance() -> None:
    desk = Desk()
    _, second = two(desk)
    desk.join("a", instance_id="A")
    assert desk.join("a", "A-3", instance_id="A").is_parked
    assert desk.join("b", second).answer == joined(second, 3, "A-3")


def test_an_id_that_was_given_to_a_dynamic_member_is_none_for_a_static_one() -> None:
    desk = Desk()
    desk.join("a", version=4)
    assert desk.join("a", "a-1", instance_id="A").answer == refused(E.UNKNOWN_MEMBER_ID, "a-1")


def test_its_old_self_is_fenced_off() -> None:
    desk = Desk()
    first, _ = two(desk)
    desk.join("a", instance_id="A")
    assert desk.beat(first, 2, instance_id="A") == E.FENCED_INSTANCE_ID
    assert desk.sync(first, 2, instance_id="A").answer == sync_refused(E.FENCED_INSTANCE_ID)
    assert desk.commit(3, first, 2, instance_id="A") == E.FENCED_INSTANCE_ID
    assert desk.join("a", first, instance_id="A").answer == refused(E.FENCED_INSTANCE_ID, first)
    assert desk.leave_together((first, "A")).members == (
        MemberResponse(member_id=first, group_instance_id="A", error_code=E.FENCED_INSTANCE_ID),
    )


def test_a_name_that_nobody_has_is_unknown_also_with_an_id_that_is_known() -> None:
    desk = Desk()
    _, second = two(desk)
    assert desk.beat(second, 2, instance_id="B") == E.UNKNOWN_MEMBER_ID


@pytest.mark.parametrize("parked", ["join", "sync"])
def test_a_question_that_is_held_for_its_old_self_is_answered(parked: str) -> None:
    desk = Desk()
    first, second = two(desk)
    desk.join("c")
    held = desk.join("a", first, instance_id="A")
    if parked == "sync":
        desk.join("b", second)
        desk.join("b", second, protocols={"range": b"other"})
        desk.join("a", first, instance_id="A")
        desk.join("c", "c-3")
        desk.leave(first)  # not a leader any more: b is
        held = desk.join("a", instance_id="A")
        desk.join("b", second)
        desk.join("c", "c-3")
        held = desk.sync(held.answer.member_id, desk.generation_id, instance_id="A")
        assert held.is_parked
    desk.join("a", instance_id="A")
    assert held.error == E.FENCED_INSTANCE_ID


def test_one_that_comes_back_before_it_has_asked_what_it_is_given_has_to_ask_in_time_all_the_same() -> None:
    desk = Desk()
    desk.stable("b")
    desk.join("a", instance_id="A", rebalance_ms=500)
    desk.join("b", "b-1", rebalance_ms=500)
    desk.sync("b-1", 2, {"A-2": b"1"})
    assert desk.join("a", instance_id="A", rebalance_ms=500).answer == joined("A-3", 2, "b-1")
    desk.advance(499)
    assert desk.beat("A-3", 2, instance_id="A") == E.NONE
    desk.advance(1)
    assert desk.beat("A-3", 2, instance_id="A") == E.UNKNOWN_MEMBER_ID
    assert desk.beat("b-1", 2) == E.REBALANCE_IN_PROGRESS


def test_a_full_group_takes_its_own_back() -> None:
    desk = Desk(max_size=2)
    two(desk)
    assert desk.join("a", instance_id="A").answer == joined("A-3", 2, "A-1")
    assert desk.join("c", instance_id="C").answer == refused(E.GROUP_MAX_SIZE_REACHED)


def test_one_that_comes_back_with_other_wishes_is_noticed() -> None:
    desk = Desk()
    _, second = two(desk)
    back = desk.join("a", instance_id="A", protocols={"range": b"a", "robin": b""})
    assert back.answer.generation_id == 2  # what all agree upon is the same
    desk.join("b", second, protocols={"robin": b"", "range": b""})
    again = desk.join("a", "A-3", instance_id="A", protocols={"robin": b"", "range": b"a"})
    assert again.answer.protocol_name == "robin"
    desk.sync("A-3", 3, instance_id="A")
    back = desk.join("a", instance_id="A", protocols={"range": b"a"})
    assert back.is_parked
    assert desk.state == "PreparingRebalance"


def test_one_that_comes_back_in_the_middle_of_a_rebalance_begins_it_anew() -> None:
    desk = Desk()
    first, second = two(desk)
    desk.join("c")
    desk.join("a", first, instance_id="A")
    desk.join("b", second)
    assert desk.state == "CompletingRebalance"
    back = desk.join("a", instance_id="A")
    assert desk.state == "PreparingRebalance"
    desk.join("b", second)
    desk.join("c", "c-3")
    assert back.answer.leader == "A-4"
    assert {each.member_id for each in back.answer.members} == {"A-4", "b-2", "c-3"}


def test_one_that_comes_back_before_it_was_ever_answered_is_waited_for_as_a_new_one_is() -> None:
    desk = Desk()
    (other,) = desk.stable("b")
    gone = desk.join("a", instance_id="A")
    back = desk.join("a", instance_id="A")
    assert gone.answer == refused(E.FENCED_INSTANCE_ID, "A-2")
    for _ in range(2):
        desk.advance(SESSION_MS - 1)
        desk.beat(other, 1)
    desk.join("b", other)
    assert back.answer == joined("A-3", 2, other)


def test_in_a_rebalance_a_static_member_that_is_away_stays_in_for_its_session_but_does_not_lead() -> None:
    desk = Desk()
    _, second = two(desk)
    desk.advance(9_000)
    other = desk.join("c", rebalance_ms=500)
    desk.join("b", second, rebalance_ms=500)
    desk.advance(999)
    assert other.is_parked  # A may take its 30 s, but its session does not last so long
    desk.advance(1)
    assert other.answer == joined("c-3", 3, second)


def test_when_the_rebalance_time_out_is_shorter_than_its_session_it_is_in_and_away() -> None:
    desk = Desk()
    desk.join("a", instance_id="A", rebalance_ms=100)
    desk.sync("A-1", 1)
    other = desk.join("b", rebalance_ms=100)
    desk.advance(100)
    assert other.answer.leader == "b-2"
    assert [each.member_id for each in other.answer.members] == ["A-1", "b-2"]
    desk.sync("b-2", 2, {"A-1": b"1", "b-2": b"2"})
    back = desk.join("a", instance_id="A", rebalance_ms=100)
    assert back.answer == joined("A-3", 2, "b-2")
    assert desk.sync("A-3", 2, instance_id="A").answer == given(b"1")


def test_when_all_are_static_and_away_the_rebalance_waits_for_the_end_of_their_sessions() -> None:
    desk = Desk()
    desk.join("a", instance_id="A", rebalance_ms=100)
    desk.sync("A-1", 1)
    desk.join("b", rebalance_ms=100)
    desk.leave("b-2")
    desk.advance(100)
    assert desk.state == "PreparingRebalance"
    desk.advance(SESSION_MS - 101)
    assert desk.state == "PreparingRebalance"
    desk.advance(1)
    assert (desk.state, desk.pending) == ("Dead", {})
    assert desk.purgatory.estimated_total < 10  # all that was ever parked: nobody has looked again and again


def test_one_can_be_made_to_leave_by_its_name_alone() -> None:
    desk = Desk()
    _, second = two(desk)
    assert desk.leave_together(("", "A")) == LeaveGroupResponse(
        members=(MemberResponse(member_id="", group_instance_id="A"),)
    )
    assert desk.beat(second, 2) == E.REBALANCE_IN_PROGRESS
    assert desk.leave_together(("", "A")).members[0].error_code == E.UNKNOWN_MEMBER_ID
