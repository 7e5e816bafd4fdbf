"""One row of the table: ours and a peer, taken in turn in the same run, so that a slow minute hurts both.

The problem: a time measured today on a shared machine says more about the machine than about the code.
The assumption: what disturbs one round disturbs the peer's round right beside it as much.
The bargain: we give up absolute figures and keep the ratio of each pair; its median is the figure, the
smallest and the largest say how far it can be trusted.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """`ours` and `peer` are one value a round in `unit`, pairs in the order they were taken.

    `better` says which way is good; `goal` is the ratio asked for, such as "at least 2", empty where none was.
    """

    what: str
    ours_is: str
    peer_is: str
    unit: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    better: Literal["lower", "higher"] = "lower"
    goal: str = ""

    @staticmethod
    def middle(values: tuple[float, ...]) -> float:
        """The median: what is shown of several rounds."""
        return statistics.median(values)

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours to the peer's, pair by pair."""
        return tuple(mine / other for mine, other in zip(self.ours, self.peer, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return self.middle(self.ratios)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A comparison that could not be made here; `why` says what is missing."""

    what: str
    ours_is: str
    peer_is: str
    why: str


def in_turn(ours: Callable[[], float], peer: Callable[[], float], rounds: int = 5) -> dict[str, tuple[float, ...]]:
    """Call both once to warm up, then `rounds` times in turn; the values as `Row` wants them.

    Each call measures for itself and returns its figure; the one to go first changes from round to round.
    """
    ours(), peer()
    mine: list[float] = []
    others: list[float] = []
    for number in range(rounds):
        pair = [(mine, ours), (others, peer)]
        for values, measure in pair if number % 2 == 0 else reversed(pair):
            gc.collect()
            values.append(measure())
    return {"ours": tuple(mine), "peer": tuple(others)}
