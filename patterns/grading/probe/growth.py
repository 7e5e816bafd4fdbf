"""Does the work grow? The answer's CPU time for the same piece of work, with few around it and with 16 times as many.

The problem: a time says nothing about a machine that is slow or busy. The assumption: what disturbs a measurement
makes it longer, so the shortest of several is nearest to the truth; and a step through everything that waits takes
16 times as long when 16 times as much waits. The bargain: small and large are measured in turn, in small pieces,
until the ratio of the shortest is fine, which for a right answer it is at once; a wrong one costs all the rounds. The
small one is measured more often: if it were disturbed each time, too much work would look like enough. On a crowded
machine it is the large one whose memory others push out of the processor's cache, time after time; so as long as the
ratio could be that, it is given more rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from patterns.grading.probe.accidents import Failed
from patterns.grading.probe.objects import Prepared
from patterns.grading.probe.patience import cpu_s, is_asleep

if TYPE_CHECKING:
    from patterns.grading.probe.answer import Answer

ROUNDS = 8
MORE_ROUNDS = 40  # while the ratio is less than twice what it may be
LOOKS = 100  # some microseconds each; an answer with a thread that works on is not waited for
SMALL_ONES = 3  # before the first ratio, and again before one is believed


def cpu_of(answer: Answer, work: Callable[[], object]) -> float:
    """CPU seconds that the answer's process uses while `work` gives it something to do; seen from outside."""
    before = _settled_cpu_s(answer._line.pid)
    work()
    return _settled_cpu_s(answer._line.pid) - before


def _settled_cpu_s(pid: int) -> float:
    """The process's CPU time when it has gone to sleep: just before, its last piece of work may not be counted yet.

    One reading in some hundreds lacked it altogether: work that took no time, which the shortest of several then is.
    """
    for _ in range(LOOKS):
        if is_asleep(pid):
            break
    return cpu_s(pid)


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

    def cpu_of_one(make: Callable[[], Sequence[Prepared]]) -> float:
        calls = list(make())
        return cpu_of(answer, lambda: answer.batch(calls)) / len(calls)

    lot = answer.random.getrandbits(64)
    with answer.steps.in_one("timed, again and again: the same work with few, and with 16 times as many"):
        ratio = _ratio(lambda: cpu_of_one(small), lambda: cpu_of_one(large), at_most)
        if ratio > at_most:
            expected, got = "about the same CPU time with 16 times as many", f"{ratio:.0f} times as much"
            raise Failed(why, expected=expected, got=got, idea=idea)
    # How often it was measured is the machine's doing: what is drawn next must not depend on it.
    answer.random.seed(lot)
    return ratio


def _ratio(small_s: Callable[[], float], large_s: Callable[[], float], at_most: float) -> float:
    """Of the shortest time with many to that with few; not looked into further when it is fine, or past hope."""
    least_small = least_large = float("inf")
    ratio = 0.0
    for number in range(ROUNDS + MORE_ROUNDS):
        if number >= ROUNDS and ratio > 2 * at_most:
            break
        least_small = min(least_small, *(small_s() for _ in range(SMALL_ONES)))
        least_large = min(least_large, large_s())
        if least_large <= at_most * least_small:
            least_small = min(least_small, *(small_s() for _ in range(SMALL_ONES)))
        ratio = least_large / max(least_small, 1e-9)
        if ratio <= at_most:
            break
    return ratio
