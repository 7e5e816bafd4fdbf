"""Every order in which threads can meet, one after the other, instead of waiting for bad luck.

The problem: a race shows itself once in a million runs, and never while one looks. The assumption: threads only
differ in who goes on at which line, and nearly every such fault needs no more than two switches that nobody asked
for (Musuvathi and Qadeer, "Iterative Context Bounding", PLDI 2007). The bargain: only lines of the modules that are
looked at count as steps, the rest of the program runs between two of them as if it took no time; for that, all
schedules with so many forced switches are run, each in a millisecond or so, and what is found can be run again.

A scenario is a generator function. It is given a maker of locks, builds what it needs, yields the functions that
run at the same time, gets their results in that order, and looks at what came of it:

    def scenario(lock):
        account = Account(lock())
        results = yield [account.draw, account.draw]
        assert sorted(results) == [False, True]

    Interleavings(account_module).explore(scenario)

The threads are real, but only one has leave to go on; a trace function hands over to another where the schedule
says so. A thread that wants a lock which another has is not asked until that is free. When none can go on, that is
a deadlock, and found. A thread that waits for anything else is stuck, and found as well, by a real time-out.
"""

from __future__ import annotations

import linecache
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType, ModuleType
from typing import Any

Actor = Callable[[], object]
Scenario = Callable[[Callable[[], "SteppedLock"]], Generator[Sequence[Actor], list[Any], None]]

PATIENCE_S = 20.0  # real seconds for one run, after which a thread waits for something that is no stepped lock
MOST_STEPS = 20_000  # in one run: more is an endless loop


class Found(AssertionError):
    """A schedule under which the scenario fails; `schedule` runs it again (`Interleavings.replay`)."""

    def __init__(self, schedule: list[int], run: Run, cause: BaseException) -> None:
        self.schedule = schedule
        self.cause = cause
        told = "\n".join(f"  {line}" for line in run.story)
        super().__init__(f"{type(cause).__name__}: {cause}\nafter {run.number} schedules, under this one:\n{told}")


class Deadlock(AssertionError):
    """Every thread waits for a lock that another has."""


class Stuck(AssertionError):
    """A thread does not come back: an endless loop, or it waits for what is not a stepped lock."""


class Abandoned(BaseException):
    """Ends the threads of a run that has failed."""


@dataclass
class Thread:
    """One actor on its way."""

    number: int
    actor: Actor
    leave: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    waits_for: SteppedLock | None = None
    is_over: bool = False
    result: object = None
    error: BaseException | None = None
    place: tuple[CodeType | None, int] = (None, 0)

    @property
    def at(self) -> str:
        code, line = self.place
        if code is None:
            return "its start"
        return f"{code.co_name}:{line} {linecache.getline(code.co_filename, line).strip()}"

    @property
    def can_go_on(self) -> bool:
        return not self.is_over and (self.waits_for is None or self.waits_for.is_free_for(self))


class SteppedLock:
    """A re-entrant lock that the schedule knows of."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.owner: Thread | None = None
        self.holds = 0

    def is_free_for(self, thread: Thread) -> bool:
        return self.owner is None or self.owner is thread

    def __enter__(self) -> bool:
        thread = self.run.current
        if thread is None:  # the scenario itself, before or after
            return True
        while not self.is_free_for(thread):
            thread.waits_for = self
            self.run.step()
        thread.waits_for = None
        self.owner = thread
        self.holds += 1
        return True

    def __exit__(self, *_error: object) -> None:
        if self.owner is not None and self.owner is self.run.current:
            self.holds -= 1
            if self.holds == 0:
                self.owner = None


class Run:
    """One run of a scenario under a schedule: at each choice the number of the option taken, then always the first."""

    def __init__(self, schedule: list[int], preemptions: int, number: int) -> None:
        self.schedule = schedule
        self.preemptions = preemptions
        self.number = number
        self.choices: list[tuple[int, int]] = []  # (taken, of how many)
        self.story: list[str] = []
        self.threads: list[Thread] = []
        self.current: Thread | None = None
        self.failure: BaseException | None = None
        self.steps = 0
        self.done = threading.Semaphore(0)

    def choose(self, options: list[Thread]) -> Thread:
        taken = 0
        if len(options) > 1:
            at = len(self.choices)
            taken = self.schedule[at] if at < len(self.schedule) else 0
            self.choices.append((taken, len(options)))
        return options[taken]

    def step(self) -> None:
        """A thread is about to take a step: who goes on?"""
        me = self.current
        assert me is not None
        if self.failure is not None:
            raise Abandoned
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.fail(Stuck(f"expected an end within {MOST_STEPS:,} steps; {me.at} comes again and again"))
        others = [thread for thread in self.threads if thread is not me and thread.can_go_on]
        options = others
        if me.can_go_on:
            options = [me, *others] if self.preemptions else [me]
        if not options:
            self.fail(self.deadlock())
        chosen = self.choose(options)
        if chosen is not me:
            if me.can_go_on:
                self.preemptions -= 1
            self.hand_over(chosen)
            me.leave.acquire()
            if self.failure is not None:
                raise Abandoned

    def hand_over(self, to: Thread) -> None:
        before = self.current
        if before is not None:
            state = "is over" if before.is_over else f"is stopped before {before.at}"
            self.story.append(f"thread {before.number} {state}")
        self.story.append(f"thread {to.number} goes on from {to.at}")
        self.current = to
        to.leave.release()

    def deadlock(self) -> Deadlock:
        waiting = ", ".join(f"thread {each.number} before {each.at}" for each in self.threads if not each.is_over)
        return Deadlock(f"expected a thread that can go on, but each waits for a lock that another has: {waiting}")

    def fail(self, failure: BaseException) -> None:
        self.failure = self.failure or failure
        for thread in self.threads:
            thread.leave.release()
        raise Abandoned

    def work(self, thread: Thread, trace: Callable[[FrameType, str, Any], Any]) -> None:
        """The body of one thread."""
        thread.leave.acquire()
        try:
            if self.failure is None:
                sys.settrace(trace)
                thread.result = thread.actor()
        except Abandoned:
            pass
        except BaseException as error:
            thread.error = error
        finally:
            sys.settrace(None)
            thread.is_over = True
            self.next_after(thread)

    def next_after(self, thread: Thread) -> None:
        if all(each.is_over for each in self.threads):
            self.done.release()
            return
        if self.failure is not None:
            return
        options = [each for each in self.threads if each.can_go_on]
        if options:
            self.hand_over(self.choose(options))
        else:
            self.failure = self.deadlock()
            for each in self.threads:
                each.leave.release()

    def of(self, actors: Sequence[Actor], trace: Callable[[FrameType, str, Any], Any]) -> list[Any]:
        """Run the actors to their end; their results."""
        self.threads = [Thread(number, actor) for number, actor in enumerate(actors, 1)]
        workers = [threading.Thread(target=self.work, args=(each, trace), daemon=True) for each in self.threads]
        for worker in workers:
            worker.start()
        self.hand_over(self.choose(self.threads))
        if not self.done.acquire(timeout=PATIENCE_S):
            stopped = self.current.at if self.current is not None else "nowhere"
            raise Stuck(f"expected an end within {PATIENCE_S:.0f} s; a thread waits for no stepped lock at {stopped}")
        for worker in workers:
            worker.join()
        self.current = None
        if self.failure is not None:
            raise self.failure
        for each in self.threads:
            if each.error is not None:
                raise each.error
        return [each.result for each in self.threads]


class Interleavings:
    """All schedules of scenarios over these modules.

    Args:
        modules: their lines are the steps (all of a package's files, when given its modules).
        preemptions: so many switches that nobody asked for; those at a taken lock or at an end are free.
        opcodes: each bytecode is a step instead of each line: for what is decided within a line.
        only: names of the functions whose lines count, if not all do.
    """

    def __init__(
        self, *modules: ModuleType, preemptions: int = 2, opcodes: bool = False, only: Sequence[str] = ()
    ) -> None:
        self.files = {module.__file__ for module in modules}
        self.preemptions = preemptions
        self.opcodes = opcodes
        self.only = set(only)

    def explore(self, scenario: Scenario, at_most: int = 200_000) -> int:
        """Run the scenario under every schedule; how many there are. `Found` is raised for the first that fails."""
        schedule: list[int] = []
        for number in range(1, at_most + 1):
            run = self.replay(scenario, schedule, number)
            choices = run.choices
            while choices and choices[-1][0] + 1 == choices[-1][1]:
                choices.pop()
            if not choices:
                return number
            schedule = [taken for taken, _ in choices]
            schedule[-1] += 1
        raise Stuck(f"expected at most {at_most:,} schedules; look at fewer functions, or allow fewer preemptions")

    def replay(self, scenario: Scenario, schedule: list[int], number: int = 1) -> Run:
        """Run the scenario under this one schedule."""
        run = Run(list(schedule), self.preemptions, number)
        story = scenario(lambda: SteppedLock(run))
        try:
            results = run.of(next(story), self.tracer(run))
            try:
                story.send(results)
            except StopIteration:
                return run
            raise TypeError("expected a scenario that yields once")
        except Exception as cause:
            raise Found([taken for taken, _ in run.choices], run, cause) from cause

    def tracer(self, run: Run) -> Callable[[FrameType, str, Any], Any]:
        wanted = "opcode" if self.opcodes else "line"

        def counts(code: CodeType) -> bool:
            return code.co_filename in self.files and (not self.only or code.co_name in self.only)

        def trace(frame: FrameType, event: str, _argument: object) -> Any:
            if event == "call":
                if not counts(frame.f_code):
                    return None
                frame.f_trace_opcodes = self.opcodes
                return trace
            if event == wanted and run.current is not None:
                line = frame.f_lineno or run.current.place[1]  # some bytecodes have none
                run.current.place = (frame.f_code, line)
                run.step()
            return trace

        return trace
