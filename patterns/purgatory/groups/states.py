"""A group's states, the moves between them, and nothing else: the table is the machine, and its picture.

A rebalance is the way once round: from `STABLE` (or `EMPTY`) to `PREPARING_REBALANCE`, where all members are waited
for; to `COMPLETING_REBALANCE`, where the leader is; and to `STABLE` again. Whatever goes wrong on the way leads back to
`PREPARING_REBALANCE`, never on: nobody reads a partition on the word of a generation that is over.

After the table in Kafka's `GroupMetadata` (`validPreviousStates`); its moves there have no names.
"""

from enum import StrEnum
from typing import NamedTuple


class GroupState(StrEnum):
    """What the coordinator waits for in a group. Named as Kafka's tools show it."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


class GroupMove(StrEnum):
    """What has just happened in it."""

    JOIN = "a new one joins"
    REJOIN = "one joins again"
    LEAVE = "one leaves"
    EXPIRE = "one falls silent"
    ALL_JOINED = "all joined, or time is up"
    NOBODY = "nobody is left"
    ASSIGNMENT = "the leader shares out"
    FORGET = "no offset is left"


class Moved(NamedTuple):
    """A move that was made: when, and from which state."""

    now_ms: int
    state: GroupState
    move: GroupMove


S, M = GroupState, GroupMove
_UPSET = (M.JOIN, M.REJOIN, M.LEAVE, M.EXPIRE)
TRANSITIONS: dict[tuple[GroupState, GroupMove], GroupState] = {
    (S.EMPTY, M.JOIN): S.PREPARING_REBALANCE,
    (S.PREPARING_REBALANCE, M.ALL_JOINED): S.COMPLETING_REBALANCE,
    (S.PREPARING_REBALANCE, M.NOBODY): S.EMPTY,
    (S.COMPLETING_REBALANCE, M.ASSIGNMENT): S.STABLE,
    (S.EMPTY, M.FORGET): S.DEAD,
} | {(state, move): S.PREPARING_REBALANCE for state in (S.STABLE, S.COMPLETING_REBALANCE) for move in _UPSET}
"""Every legal move; what is not here is illegal."""


class IllegalGroupMove(RuntimeError):
    """A move that the table does not have; nothing was changed."""

    def __init__(self, state: GroupState, move: GroupMove) -> None:
        super().__init__(state, move)
        self.state = state
        self.move = move

    def __str__(self) -> str:
        state, move = self.state, self.move
        legal = ", ".join(found.name for start, found in TRANSITIONS if start is state) or "no move"
        return f"no move {move.name} ({move}) leads from state {state.name} ({state}); from there: {legal}"


def follow(state: GroupState, move: GroupMove) -> GroupState:
    """The state that `move` leads to from `state`; `IllegalGroupMove` if the table has no such move."""
    try:
        return TRANSITIONS[state, move]
    except KeyError:
        raise IllegalGroupMove(state, move) from None
