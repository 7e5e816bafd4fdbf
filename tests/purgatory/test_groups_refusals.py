"""What a coordinator refuses, each by its own code: groups, time-outs, protocols, strangers, one too many."""

from __future__ import annotations

import pytest
from coordinated import Desk, refused, sync_refused

from patterns.wire.kafka import ErrorCode

E = ErrorCode


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"group_id": ""}, E.INVALID_GROUP_ID),
        ({"session_ms": 5_999}, E.INVALID_SESSION_TIMEOUT),
        ({"session_ms": 1_800_001}, E.INVALID_SESSION_TIMEOUT),
        ({"protocols": {}}, E.INCONSISTENT_GROUP_PROTOCOL),
        ({"protocol_type": ""}, E.INCONSISTENT_GROUP_PROTOCOL),
        ({"member_id": "who?"}, E.UNKNOWN_MEMBER_ID),
        ({"member_id": "who?", "group_id": "other"}, E.UNKNOWN_MEMBER_ID),
        ({"member_id": "who?", "instance_id": "who?"}, E.UNKNOWN_MEMBER_ID),
    ],
)
def test_what_is_wrong_is_refused_at_once_and_leaves_no_group(options: dict[str, str], code: ErrorCode) -> None:
    desk = Desk()
    assert desk.join("a", **options).answer == refused(code, options.get("member_id", ""))  # type: ignore[arg-type]  # one of the options that are no strings
    assert (desk.coordinator.groups, desk.pending) == ((), {})


@pytest.mark.parametrize("options", [{"protocol_type": "connect"}, {"protocols": {"robin": b""}}])
def test_who_shares_nothing_with_the_others_is_refused(options: dict[str, str]) -> None:
    desk = Desk()
    desk.stable("a")
    assert desk.join("b", **options).answer == refused(E.INCONSISTENT_GROUP_PROTOCOL)  # type: ignore[arg-type]  # as above
    assert desk.state == "Stable"


def test_a_full_group_takes_nobody_else() -> None:
    desk = Desk(max_size=2)
    first, _ = desk.stable("a", "b")
    assert desk.join("c").answer == refused(E.GROUP_MAX_SIZE_REACHED)
    assert desk.join("a", first).is_parked


def test_who_asks_for_ids_without_end_gets_no_more_of_them_than_a_group_may_have_members() -> None:
    desk = Desk(max_size=2)
    assert [desk.join("a", version=4).error for _ in range(3)] == [
        E.MEMBER_ID_REQUIRED,
        E.MEMBER_ID_REQUIRED,
        E.GROUP_MAX_SIZE_REACHED,
    ]
    desk.join("a", "a-1", version=4)
    assert desk.join("b").answer == refused(E.GROUP_MAX_SIZE_REACHED)
    assert desk.join("a", "a-2", version=4).answer.generation_id == 1


@pytest.mark.parametrize(
    ("member_id", "generation_id", "group_id", "code"),
    [
        ("a-1", 1, "", E.INVALID_GROUP_ID),
        ("a-1", 1, "other", E.UNKNOWN_MEMBER_ID),
        ("who?", 1, "g", E.UNKNOWN_MEMBER_ID),
        ("a-1", 2, "g", E.ILLEGAL_GENERATION),
        ("a-1", 0, "g", E.ILLEGAL_GENERATION),
    ],
)
def test_strangers_and_those_of_another_generation_are_told_so(
    member_id: str, generation_id: int, group_id: str, code: ErrorCode
) -> None:
    desk = Desk()
    desk.stable("a")
    assert desk.sync(member_id, generation_id, group_id=group_id).answer == sync_refused(code)
    assert desk.beat(member_id, generation_id, group_id=group_id) == code
