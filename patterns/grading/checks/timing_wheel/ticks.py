"""When a timer is due: by the tick, not before and not later; at once, too; with a clock that jumps or goes back."""

from patterns.grading.checks import Answer, expect
from patterns.grading.checks.timing_wheel.beside import Wheel, exercise


@exercise.check("due", points=3, idea="a-timer-fires-after-its-tick")
def due(answer: Answer) -> None:
    """A timer fires when the clock has reached its tick; what is due when it is added gets no entry."""
    for tick_ms in (1, answer.random.choice((5, 10))):
        start_ms = answer.random.randrange(1000, 2000) * tick_ms + tick_ms // 2
        wheel = Wheel(answer, tick_ms=tick_ms, wheel_size=8, start_ms=start_ms)
        for at_ms in (start_ms, start_ms - 1, start_ms - 40 * tick_ms, start_ms - start_ms % tick_ms + tick_ms - 1):
            wheel.add(at_ms)
        wheel.count("already-due-waits-for-the-next-turn")
        next_tick = start_ms - start_ms % tick_ms + tick_ms
        wheel.add(next_tick, idea="ticks-begin-when-the-wheel-does")
        wheel.add(next_tick + 3 * tick_ms - 1)
        wheel.advance(next_tick - 1)
        wheel.advance(next_tick)
        wheel.advance(next_tick + 2 * tick_ms)

    wheel = Wheel(answer, tick_ms=tick_ms, wheel_size=8, start_ms=start_ms)
    for ahead in answer.random.sample(range(1, 8), 5):
        wheel.add(start_ms + ahead * tick_ms)
    wheel.advance(start_ms + 7 * tick_ms, idea="the-clock-comes-tick-by-tick")

    wheel.advance(start_ms + 100 * tick_ms)
    wheel.add(start_ms + 50 * tick_ms)
    wheel.add(start_ms + 100 * tick_ms)
    wheel.add(start_ms + 101 * tick_ms)
    wheel.advance(start_ms + 101 * tick_ms)


@exercise.check("backwards", points=1, idea="clocks-only-go-forwards")
def backwards(answer: Answer) -> None:
    """A clock that goes backwards says nothing new: [] and nothing changes."""
    now_ms = answer.random.randrange(500, 600)
    wheel = Wheel(answer, wheel_size=8, start_ms=now_ms)
    wheel.add(now_ms + 5)
    wheel.add(now_ms + 90)
    wheel.advance(now_ms + 20)
    for back in (1, 10, 300):
        why = f"{wheel.what}: the clock went from {wheel.now_ms} back to {wheel.now_ms - back} ms."
        expect(wheel.thing.advance_clock(wheel.now_ms - back), [], why)
        wheel.count()
        wheel.add(wheel.now_ms - back + 1, idea="clocks-only-go-forwards")
    wheel.advance(now_ms + 89)
    wheel.advance(now_ms + 90)


@exercise.check("cancel", points=2, idea="to-cancel-twice-is-to-cancel")
def cancel(answer: Answer) -> None:
    """To cancel is True for a live timer, which is gone at once, and False for one that is over."""
    wheel = Wheel(answer, wheel_size=4)
    tasks = [wheel.add(at_ms) for at_ms in (2, 2, 3, 40, 40, 41, 900)]
    wheel.cancel(tasks[1])
    wheel.cancel(tasks[3])
    for entry in list(wheel.over):
        wheel.cancel_again(entry)
    wheel.advance(2)
    wheel.cancel_again(wheel.over[-1])
    wheel.advance(38)
    wheel.cancel(tasks[5])
    wheel.advance(45)
    for entry in list(wheel.over):
        wheel.cancel_again(entry)
    wheel.cancel(tasks[6])
    wheel.advance(1000)


@exercise.check("same-task", points=1, idea="a-task-is-its-timer")
def same_task(answer: Answer) -> None:
    """Two timers with the same task are two timers, and a task may be anything."""
    for task in ("ring", ["a", "list"], None):
        wheel = answer.TimingWheel(1, 8, 0)
        first, second, third = (wheel.add.kept(task, at_ms) for at_ms in (5, 5, 30))
        why = f"Three timers were set, all with the task {task!r}."
        expect(len(wheel), 3, why)
        expect(wheel.cancel(second), True, f"{why} One of the two at 5 ms was cancelled.")
        expect(len(wheel), 2, f"{why} One was cancelled: two are left.")
        expect(wheel.advance_clock(5), [task], f"{why} One of the two at 5 ms was cancelled.")
        expect(wheel.cancel(first), False, f"{why} This one has fired.")
        expect(wheel.cancel(third), True, f"{why} The third is still to come.")
