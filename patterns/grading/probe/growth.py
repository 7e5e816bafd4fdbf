"""Does the work grow? The answer's CPU time for the same piece of work, with few around it and with 16 times as many.

The problem: a time says nothing about a machine that is slow or busy. The assumption: what disturbs a measurement
makes it longer, so the shortest of several is nearest to the truth; and a step through everything that waits takes
16 times as long when 16 times as much waits. The bargain: small and large are measured in turn, in small pieces,
until the ratio of the shortest is fine, which for a right answer it is at once; a wrong one costs all the rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from patterns.grading.probe.accidents import Failed
from patterns.grading.probe.objects import Prepared
from patterns.grading.probe.patience import cpu_s

if TYPE_CHECKING:
    from patterns.grading.probe.answer import Answer

ROUNDS = 8


def cpu_of(answer: Answer, work: Callable[[], object]) -> float:
    """CPU seconds that the answer's process uses while `work` gives it something to do; seen from outside."""
    before = cpu_s(answer._line.pid)
    work()
    return cpu_s(answer._line.pid) - before


def growth(
    answer: Answer,
    small: Callable[[], Sequence[Prepared]],
    large: Callable[[], Sequence[Prepared]],
    *,
    at_most: float,
    why: str,
    idea: str | None,
) -> float:
    """How many times as much CPU time `large` takes as `small`: stops at `at_most`, else fails with `why`."""
    least = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for which, make in enumerate((small, large)):
            calls = list(make())
            before = cpu_s(answer._line.pid)
            answer.batch(calls)
            least[which] = min(least[which], (cpu_s(answer._line.pid) - before) / len(calls))
        ratio = least[1] / max(least[0], 1e-9)
        if ratio <= at_most:
            return ratio
    raise Failed(
        why, expected="about the same CPU time with 16 times as many", got=f"{ratio:.0f} times as much", idea=idea
    )
