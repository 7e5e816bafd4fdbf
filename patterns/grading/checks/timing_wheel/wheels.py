"""The way down from coarse wheels: every timer in its own tick, however far away it was."""

from __future__ import annotations

from collections import Counter

from patterns.grading.checks import Answer, Thing, expect, fail
from patterns.grading.checks.timing_wheel.beside import Wheel, exercise, is_tasks


@exercise.check("cascade", points=3, idea="a-coarse-wheel-fires-coarsely")
def cascade(answer: Answer) -> None:
    """What lies in a coarse wheel comes down, and fires in its own tick."""
    for wheel_size, start_ms in ((4, 0), (answer.random.choice((3, 5)), answer.random.randrange(10_000))):
        wheel = answer.TimingWheel(1, wheel_size, start_ms)
        last = wheel_size**3 + wheel_size
        for ahead in range(1, last + 1):
            entry = wheel.add.kept(ahead, start_ms + ahead)
            expect.true(isinstance(entry, Thing), "This timer is still to come.", expected="an entry", got=entry)
        fired: dict[int, int] = {}
        times: Counter[int] = Counter()
        rounds = answer.batch([wheel.advance_clock.with_(start_ms + now) for now in range(1, last + wheel_size**3 + 1)])
        for now, tasks in enumerate(rounds, 1):
            why = "The clock was advanced by a millisecond."
            expect.true(is_tasks(tasks), why, expected="a list of the tasks that were given to add", got=tasks)
            fired.update(dict.fromkeys(tasks, now))
            times.update(tasks)
        what = f"TimingWheel(1, {wheel_size}, {start_ms}), {last} timers, one for each of the next {last} ms"
        for ahead in range(1, last + 1):
            expected = f"one firing, {ahead} ms from the start"
            if ahead not in fired:
                why = (
                    f"{what}. The timer {ahead} ms ahead never fired; by its time it had come down from a coarse wheel."
                )
                fail(why, expected=expected, got="none", idea="what-is-due-on-the-way-down-fires-by-itself")
            got = f"{fired[ahead]} ms from the start" + f", {times[ahead]} times" * (times[ahead] > 1)
            why = f"{what}. The wheels cover {wheel_size}, {wheel_size**2}, {wheel_size**3} ms."
            expect.true(fired[ahead] == ahead and times[ahead] == 1, why, expected=expected, got=got)
        expect(len(wheel), 0, f"{what}: all of them have fired.")


@exercise.check("far", points=2, idea="one-overflow-wheel-is-enough")
def far(answer: Answer) -> None:
    """A timer that is far away fires in its own tick, many wheels away."""
    wheel = Wheel(answer, wheel_size=8)
    for ahead in (8, 9, 11, 15, 16):
        wheel.add(ahead, idea="a-wheel-knows-the-round")
    for now_ms in (3, 8, 9, 12, 16):
        wheel.advance(now_ms, idea="a-wheel-knows-the-round")
    for wheel_size in (2, 3, 8, 20):
        start_ms, tick_ms = answer.random.randrange(100_000), answer.random.choice((1, 4))
        wheel = Wheel(answer, tick_ms=tick_ms, wheel_size=wheel_size, start_ms=start_ms)
        aheads = [wheel_size**power + answer.random.randrange(wheel_size) for power in range(1, 18)]
        aheads = [ahead for ahead in aheads if ahead < 20_000] + answer.random.sample(range(5_000, 20_000), 3)
        for ahead in answer.random.sample(aheads, len(aheads)):
            wheel.add(start_ms + ahead * tick_ms)
        for at_ms in sorted(at_ms for at_ms, _ in list(wheel.live.values())):
            for now_ms in (at_ms - at_ms % tick_ms - 1, at_ms):
                wheel.advance(max(now_ms, wheel.now_ms))
