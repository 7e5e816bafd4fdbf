"""A consumer group's picture, drawn from its table: every state, every move, and the way that the group has gone.

A rebalance is the way once round; see `patterns.purgatory.groups.states`.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

from patterns.lab.machine_picture import Lines, Way, machine_picture
from patterns.lab.style import Drawing
from patterns.purgatory.groups import TRANSITIONS, GroupDescription, GroupMove, GroupState

__all__ = ["group_picture"]

S = GroupState
_PLACES = {
    S.EMPTY: (92.0, 48.0),
    S.PREPARING_REBALANCE: (360.0, 48.0),
    S.DEAD: (92.0, 128.0),
    S.STABLE: (180.0, 268.0),
    S.COMPLETING_REBALANCE: (610.0, 268.0),
}
_WAYS: dict[tuple[GroupState, GroupState], Way] = {
    (S.EMPTY, S.PREPARING_REBALANCE): ("M172 40H280", (226, 32, "middle")),
    (S.PREPARING_REBALANCE, S.EMPTY): ("M280 56H172", (226, 72, "middle")),
    (S.EMPTY, S.DEAD): ("M92 65V111", (100, 92, "start")),
    (S.PREPARING_REBALANCE, S.COMPLETING_REBALANCE): ("M440 48H624Q630 48 630 54V251", (536, 40, "middle")),
    (S.COMPLETING_REBALANCE, S.PREPARING_REBALANCE): ("M570 251L396 65", (502, 194, "end")),
    (S.COMPLETING_REBALANCE, S.STABLE): ("M530 268H260", (395, 260, "middle")),
    (S.STABLE, S.PREPARING_REBALANCE): ("M180 251L324 65", (218, 194, "end")),
}


def group_picture(
    now: GroupDescription | GroupState | None = None,
    *,
    title: str = "",
    table: Mapping[tuple[GroupState, GroupMove], GroupState] = TRANSITIONS,
) -> Drawing:
    """The state diagram of a group; of one that `GroupCoordinator.describe` tells, with the way that it has gone.

    Each move is drawn thick with how often it was made, as far back as the coordinator remembers.
    """
    path: tuple[GroupState, ...] = ()
    state = now if isinstance(now, GroupState) else None
    if isinstance(now, GroupDescription):
        state = now.state
        path = (*(moved.state for moved in now.moves), now.state)
    taken = Counter(pairwise(path))
    return machine_picture(
        table, Lines(_PLACES, _WAYS, wide=160.0, letters=30), state, taken, _sentence(now, state, table), title
    )


def _sentence(
    now: GroupDescription | GroupState | None,
    state: GroupState | None,
    table: Mapping[tuple[GroupState, GroupMove], GroupState],
) -> str:
    states = {start for start, _ in table} | set(table.values())
    parts = [f"State diagram of a consumer group: {len(states)} states, {len(table)} moves."]
    if isinstance(now, GroupDescription):
        moves = f", after {', '.join(moved.move for moved in now.moves[-6:])}" if now.moves else ""
        parts.append(f"{now.group_id} is {state}, generation {now.generation_id}{moves}.")
    elif state is not None:
        parts.append(f"It is {state}.")
    return " ".join(parts)
