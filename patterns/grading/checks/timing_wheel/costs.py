"""What it costs: a jump over idle time nothing, and to add and to cancel the same however many timers there are."""

from __future__ import annotations

from collections.abc import Callable

from patterns.grading.checks import Answer, Thing, expect
from patterns.grading.checks.timing_wheel.beside import exercise
from patterns.grading.probe.objects import Prepared

FEW, MANY = 1_000, 16_000
NEAREST_MS, FURTHEST_MS = 80_000, 88_000  # all in one bucket of a coarse wheel, which is the worst case


@exercise.check("idle", points=2, idea="idle-time-has-to-be-walked-through")
def idle(answer: Answer) -> None:
    """The clock jumps over time in which nothing is due: it costs nothing, be it an hour or a hundred years."""
    clock = 0
    wheel = answer.TimingWheel(1, 20, clock)

    def jump(ms: int) -> Callable[[], list[Prepared]]:
        def batch() -> list[Prepared]:
            nonlocal clock
            clock += ms
            return [wheel.advance_clock.with_(clock)]

        return batch

    why = "You advance over 16 times as much idle time, and it costs you so many times as much."
    answer.growth(jump(10_000), jump(160_000), at_most=4.0, why=why)
    century_ms = 100 * 365 * 86_400_000
    start = answer.random.randrange(10**6)
    wheel = answer.TimingWheel(1, 20, start)
    wheel.add("in a hundred years", start + century_ms)
    wheel.add("tomorrow", start + 86_400_000)
    said = answer.batch(
        [wheel.advance_clock.with_(start + now) for now in (86_399_999, 86_400_000, century_ms - 1, century_ms)]
    )
    why = "One timer for tomorrow and one for in a hundred years; the clock was at 1 ms before each, and at each."
    expect(said, [[], ["tomorrow"], [], ["in a hundred years"]], why, idea="one-overflow-wheel-is-enough")


def filled(answer: Answer, count: int) -> tuple[Thing, list[Thing]]:
    """A wheel with so many timers, and their entries."""
    wheel = answer.TimingWheel(1, 20, 0)
    entries = answer.batch([wheel.add.with_(0, answer.random.randrange(NEAREST_MS, FURTHEST_MS)) for _ in range(count)])
    return wheel, entries


@exercise.check("add-and-cancel", points=3, idea="a-sorted-list-is-quick-enough")
def add_and_cancel(answer: Answer) -> None:
    """To add and to cancel a timer is the same work with many timers as with few."""

    def adds(wheel: Thing) -> Callable[[], list[Prepared]]:
        return lambda: [wheel.add.with_(0, answer.random.randrange(NEAREST_MS, FURTHEST_MS)) for _ in range(20)]

    def cancels(wheel: Thing, entries: list[Thing]) -> Callable[[], list[Prepared]]:
        answer.random.shuffle(entries)
        return lambda: [wheel.cancel.with_(entries.pop()) for _ in range(20)]

    few, many = filled(answer, FEW), filled(answer, MANY)
    why = f"You {{}} a timer when there are {MANY:,}, and it costs you so many times what it costs with {FEW}."
    answer.growth(adds(few[0]), adds(many[0]), at_most=2.5, why=why.format("add"))
    answer.growth(cancels(*few), cancels(*many), at_most=2.5, why=why.format("cancel"))
