"""An answer's wheel, and beside it what is live, with the time at which it is due: the simplest thing that is right."""

from __future__ import annotations

from patterns.grading.checks import Answer, Exercise, Thing, expect

exercise = Exercise("timing_wheel", lesson="06_purgatory", title="A wheel of timers")


def is_tasks(due: object) -> bool:
    """Whether it is a list of numbers, as all tasks here are."""
    return isinstance(due, list) and all(isinstance(task, int) for task in due)


class Wheel:
    """A wheel, and what must be in it. Tasks are numbers, given out in order."""

    def __init__(self, answer: Answer, *, tick_ms: int = 1, wheel_size: int = 20, start_ms: int = 0) -> None:
        self.tick_ms = tick_ms
        self.now_ms = start_ms
        self.thing: Thing = answer.TimingWheel(tick_ms, wheel_size, start_ms)
        self.live: dict[int, tuple[int, Thing]] = {}  # by task: when it is due, its entry
        self.over: list[Thing] = []  # entries that have fired or were cancelled
        self.tasks = 0
        self.what = f"TimingWheel(tick_ms={tick_ms}, wheel_size={wheel_size}, start_ms={start_ms})"

    def tick(self, at_ms: int) -> int:
        """The tick in which this time lies."""
        return at_ms // self.tick_ms

    def is_due(self, at_ms: int) -> bool:
        """Whether a timer of that time is due by now."""
        return self.tick(at_ms) <= self.tick(self.now_ms)

    def add(self, at_ms: int, *, idea: str | None = None) -> int:
        """Add a timer, and see that it gets an entry unless it is due; its task."""
        self.tasks += 1
        task, entry = self.tasks, self.thing.add.kept(self.tasks, at_ms)
        why = f"{self.what}: it was {self.now_ms} ms, and a timer was set for {at_ms} ms"
        if self.is_due(at_ms):
            why += ", which is due already: there is nothing to wait for."
            late = at_ms <= self.now_ms
            by_itself = "already-due-waits-for-the-next-turn" if late else "a-timer-fires-after-its-tick"
            expect(entry, None, why, idea=idea or by_itself)
        else:
            why += ", which is still to come."
            expect.true(isinstance(entry, Thing), why, expected="an entry", got=entry, idea=idea)
            self.live[task] = (at_ms, entry)
        return task

    def due(self, now_ms: int) -> list[int]:
        """The tasks that an advance to that time has to bring, in order of time."""
        then = self.tick(max(now_ms, self.now_ms))
        return sorted((task for task, (at, _) in self.live.items() if self.tick(at) <= then), key=self.when)

    def when(self, task: int) -> tuple[int, int]:
        """By which tasks are sorted."""
        return self.tick(self.live[task][0]), task

    def advance(self, now_ms: int, *, idea: str | None = None) -> None:
        """Advance the clock, and see that what is due comes, tick by tick."""
        wanted, before = self.due(now_ms), self.now_ms
        due = self.thing.advance_clock(now_ms)
        why = f"{self.what}: the clock was advanced from {before} to {now_ms} ms"
        expect.true(is_tasks(due), why, expected="a list of the tasks that were given to add", got=due)
        tasks = sorted(due, key=lambda task: self.when(task) if task in self.live else (-1, 0))
        expect(tasks, wanted, f"{why}, {self.told(wanted, due)}.", idea=idea)
        ticks = [self.tick(self.live[task][0]) for task in due]
        expect(ticks, sorted(ticks), f"{why}. The ticks of the timers come in order of time.", idea=idea)
        self.over += [self.live.pop(task)[1] for task in wanted]
        self.now_ms = max(before, now_ms)
        self.count()

    def told(self, wanted: list[int], due: list[int]) -> str:
        """What is wrong with what came, in words."""
        for task in due:
            if task not in self.live:
                return f"and task {task} fired, which was over or had never been set"
            if task not in wanted:
                return f"and task {task} fired, which is due at {self.live[task][0]} ms"
        missing = [task for task in wanted if task not in due]
        if missing:
            return f"and task {missing[0]}, due at {self.live[missing[0]][0]} ms, did not fire"
        return "and a task fired twice" if len(due) > len(wanted) else "and this is what fired"

    def cancel(self, task: int) -> None:
        """Cancel a live timer, and see that it counts."""
        at_ms, entry = self.live.pop(task)
        why = f"{self.what}: task {task}, due at {at_ms} ms, was cancelled at {self.now_ms} ms, in time."
        expect(self.thing.cancel(entry), True, why, idea="an-entry-belongs-to-one-bucket")
        self.over.append(entry)
        self.count("a-cancelled-timer-lives-until-its-time")

    def cancel_again(self, entry: Thing) -> None:
        """Cancel what is over, and see that nothing comes of it."""
        why = f"{self.what}: this timer had fired or was cancelled before."
        expect(self.thing.cancel(entry), False, why, idea="to-cancel-twice-is-to-cancel")
        self.count("to-cancel-twice-is-to-cancel")

    def count(self, idea: str | None = None) -> None:
        """See that it counts what is live."""
        why = f"{self.what}: len() is the number of timers that have neither fired nor been cancelled."
        expect(len(self.thing), len(self.live), why, idea=idea)
