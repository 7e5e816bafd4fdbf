"""The table of a group's states: what is legal, and that nothing else happens."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import product

import pytest
from coordinated import Desk

from patterns.purgatory.groups import TRANSITIONS, GroupMove, GroupState, IllegalGroupMove, follow
from patterns.purgatory.groups.group import Group
from patterns.purgatory.groups.hold import Hold

S, M = GroupState, GroupMove


def test_the_moves_are_those_of_kafkas_table() -> None:
    before = {end: {start for (start, _), other in TRANSITIONS.items() if other is end} for end in S}
    assert before == {
        S.EMPTY: {S.PREPARING_REBALANCE},
        S.PREPARING_REBALANCE: {S.EMPTY, S.STABLE, S.COMPLETING_REBALANCE},
        S.COMPLETING_REBALANCE: {S.PREPARING_REBALANCE},
        S.STABLE: {S.COMPLETING_REBALANCE},
        S.DEAD: {S.EMPTY},  # in Kafka from any, when another broker takes the group over
    }


@pytest.mark.parametrize(("state", "move"), [pair for pair in product(S, M) if pair not in TRANSITIONS])
def test_an_illegal_move_raises_and_changes_nothing(state: GroupState, move: GroupMove) -> None:
    group = Group("g", Hold(nullcontext(), lambda: None), state=state)
    with pytest.raises(IllegalGroupMove) as raised:
        group.move(move)
    assert (raised.value.state, raised.value.move, group.state) == (state, move, state)


@pytest.mark.parametrize(
    ("state", "move", "text"),
    [
        (
            S.PREPARING_REBALANCE,
            M.ASSIGNMENT,
            "no move ASSIGNMENT (the leader shares out) leads from state PREPARING_REBALANCE (PreparingRebalance);"
            " from there: ALL_JOINED, NOBODY",
        ),
        (S.DEAD, M.JOIN, "no move JOIN (a new one joins) leads from state DEAD (Dead); from there: no move"),
    ],
)
def test_it_says_which_moves_there_would_have_been(state: GroupState, move: GroupMove, text: str) -> None:
    with pytest.raises(IllegalGroupMove) as raised:
        follow(state, move)
    assert str(raised.value) == text


def test_every_move_of_the_table_is_made_by_something_that_members_do(monkeypatch: pytest.MonkeyPatch) -> None:
    made = set()
    move = Group.move

    def noted(group: Group, what: GroupMove) -> None:
        made.add((group.state, what))
        move(group, what)

    monkeypatch.setattr(Group, "move", noted)
    desk = Desk()
    first, second = desk.stable("a", "b")  # JOIN, also before the leader has shared out; ALL_JOINED, ASSIGNMENT
    desk.join("a", first)  # REJOIN: the leader
    desk.join("b", second)
    desk.join("a", first, protocols={"range": b"new"})  # REJOIN before the leader has shared out
    desk.join("b", second)
    desk.leave(first)  # LEAVE
    desk.join("b", second)
    desk.sync(second, desk.generation_id)
    desk.join("c")  # JOIN
    desk.join("b", second)
    desk.sync(second, desk.generation_id)
    desk.leave("c-3")  # LEAVE
    desk.join("b", second)
    desk.advance(10_000)  # EXPIRE before the leader has shared out; NOBODY, FORGET
    desk.stable("d")
    desk.advance(10_000)  # EXPIRE
    assert made == set(TRANSITIONS)
