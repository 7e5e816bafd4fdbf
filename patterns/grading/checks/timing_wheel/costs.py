"""What it costs: a jump over idle time nothing, and to add and to cancel the same however many timers there are."""

from __future__ import annotations

from collections.abc import Callable

from patterns.grading.checks import Answer, Thing, expect
from patterns.grading.checks.timing_wheel.beside import exercise
from patterns.grading.probe.objects import Prepared

PAIRS = ((256, 4_096), (1_024, 16_384))  # few timers and 16 times as many; who looks at all fails the first
NEAREST_MS, FURTHEST_MS = 80_000, 88_000  # all in one bucket of a coarse wheel, which is the worst case
SPREAD_MS = 1 << 16


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
    return wheel, set_timers(answer, wheel, count)


def set_timers(answer: Answer, wheel: Thing, count: int) -> list[Thing]:
    """Add so many timers; their entries."""
    entries: list[Thing] = answer.batch(
        [wheel.add.with_(0, answer.random.randrange(NEAREST_MS, FURTHEST_MS)).kept() for _ in range(count)]
    )
    for entry in entries:
        why = "This timer is still to come."
        expect.true(isinstance(entry, Thing), why, expected="an entry", got=entry, idea="a-wheel-knows-the-round")
    return entries


@exercise.check("add-and-cancel", points=3, idea="a-sorted-list-is-quick-enough")
def add_and_cancel(answer: Answer) -> None:
    """To add and to cancel a timer is the same work with many timers as with few."""

    def adds(wheel: Thing) -> Callable[[], list[Prepared]]:
        return lambda: [wheel.add.with_(0, answer.random.randrange(NEAREST_MS, FURTHEST_MS)) for _ in range(20)]

    def cancels(wheel: Thing, entries: list[Thing]) -> Callable[[], list[Prepared]]:
        def batch() -> list[Prepared]:
            entries.extend(set_timers(answer, wheel, 20))  # or few become fewer, and in the end none
            answer.random.shuffle(entries)
            return [wheel.cancel.with_(entries.pop()) for _ in range(20)]

        return batch

    for count, larger in PAIRS:
        few, many = filled(answer, count), filled(answer, larger)
        why = f"You {{}} a timer among {larger:,}, and it costs you so many times what it costs among {count:,}."
        answer.growth(adds(few[0]), adds(many[0]), at_most=2.5, why=why.format("add"))
        answer.growth(cancels(*few), cancels(*many), at_most=2.5, why=why.format("cancel"))

    with_few, with_many = (comparisons(answer, count) for count in (64, 4096))
    why = (
        "Timers were set for times evenly spread over a minute, the furthest first. To find a timer's place you "
        "compared its time with others: the more timers there were, the more often. A wheel computes the place."
    )
    got = f"{with_few:.1f} comparisons for each of 64 timers, {with_many:.1f} for each of 4,096"
    expected = "about as many with 4,096 timers as with 64"
    expect.true(with_many <= 1.5 * with_few + 1, why, expected=expected, got=got, idea="a-heap-is-as-good-as-a-wheel")


def comparisons(answer: Answer, count: int) -> float:
    """How often the time of a timer is compared when so many are added, from the furthest to the nearest."""
    start_ms = answer.random.randrange(10**9)
    wheel, before = answer.TimingWheel(1, 20, start_ms), answer.comparisons()
    spread = range(SPREAD_MS, 0, -SPREAD_MS // count)
    answer.batch([wheel.add.with_(0, answer.counted(start_ms + ahead_ms)) for ahead_ms in spread])
    return (answer.comparisons() - before) / count
