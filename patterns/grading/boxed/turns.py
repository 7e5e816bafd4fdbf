"""Threads that go on one at a time, and hand over where the grader says: every order can be tried, none by luck.

The grader sends a schedule, a list of numbers: at each step where more than one thread could go on, which of them
does. Behind its end the thread that runs goes on. What comes back is what each call gave and how many could have
gone on at each step, from which the grader makes the next schedule. A step is a line of the answer, or a bytecode.

For this the answer's locks have to be known: `threading.Lock` and what is built upon it are replaced before the
answer is imported, by locks that hand over instead of waiting. A thread that wants a lock which another one has is
not chosen until that is free; if none can be chosen, that is a deadlock.
"""

from __future__ import annotations

import _thread
import functools
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patterns.grading.boxed.driver import Driver

MOST_STEPS = 20_000  # in one run: more is a circle

_allocate = _thread.allocate_lock  # the real one, before it is replaced


class Abandoned(BaseException):
    """Ends the threads of a run that cannot go on."""


@dataclass
class Actor:
    """One thread on its way through one call."""

    number: int
    call: Callable[[], dict[str, Any]]
    leave: Any = field(default_factory=lambda: _taken())  # defined below
    waits_for: SteppedLock | None = None
    is_over: bool = False
    outcome: dict[str, Any] | None = None
    line: int = 0
    held: int = 0

    @property
    def can_go_on(self) -> bool:
        """Not over, and not waiting for what another one has."""
        return not self.is_over and (self.waits_for is None or self.waits_for.is_free_for(self))


def _taken() -> Any:
    lock = _allocate()
    lock.acquire()
    return lock


class Turns:
    """One run: some calls, a thread each, under a schedule."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.current: Actor | None = None
        self.main_holds = 0
        self._begin([], 0, False)

    def _begin(self, schedule: list[int], switches: int, opcodes: bool) -> None:
        self.schedule, self.switches, self.opcodes = schedule, switches, opcodes
        self.choices: list[list[int]] = []
        self.story: list[str] = []
        self.actors: list[Actor] = []
        self.steps = 0
        self.failure = ""
        self.done = _taken()

    def together(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out an order: its calls at the same time."""
        self._begin(list(order["schedule"]), order["switches"], order["opcodes"])
        self.actors = [
            Actor(number, functools.partial(self.driver.outcome, call)) for number, call in enumerate(order["calls"], 1)
        ]
        for actor in self.actors:
            _thread.start_new_thread(self._work, (actor,))
        self._hand_over(self._choose(self.actors))
        self.done.acquire()
        self.current = None
        outcomes = [actor.outcome or {"value": None} for actor in self.actors]
        return {"outcomes": outcomes, "choices": self.choices, "story": self.story[:60], "failure": self.failure}

    def _work(self, actor: Actor) -> None:
        actor.leave.acquire()
        try:
            if not self.failure:
                sys.settrace(self._trace)
                actor.outcome = actor.call()
        except Abandoned:
            pass
        finally:
            sys.settrace(None)
            actor.is_over = True
            self._next_after()

    def _trace(self, frame: FrameType, event: str, _argument: object) -> Any:
        if event == "call":
            if frame.f_code.co_filename != self.driver.file:
                return None
            frame.f_trace_opcodes = self.opcodes
            return self._trace
        if event == ("opcode" if self.opcodes else "line") and self.current is not None:
            self.current.line = frame.f_lineno or self.current.line
            self.step()
        return self._trace

    def _choose(self, options: list[Actor]) -> Actor:
        taken = 0
        if len(options) > 1:
            at = len(self.choices)
            taken = min(self.schedule[at] if at < len(self.schedule) else 0, len(options) - 1)
            self.choices.append([taken, len(options)])
        return options[taken]

    def step(self) -> None:
        """The current thread is about to take a step: who goes on?"""
        me = self.current
        assert me is not None
        if self.failure:
            raise Abandoned
        self.steps += 1
        if self.steps > MOST_STEPS:
            self._fail(f"an endless loop: line {me.line} comes again and again")
        others = [actor for actor in self.actors if actor is not me and actor.can_go_on]
        options = others
        if me.can_go_on:
            options = [me, *others] if self.switches else [me]
        if not options:
            self._fail(self._deadlock())
        chosen = self._choose(options)
        if chosen is not me:
            if me.can_go_on:
                self.switches -= 1
            self._hand_over(chosen)
            me.leave.acquire()
            if self.failure:
                raise Abandoned

    def _hand_over(self, to: Actor) -> None:
        before = self.current
        if before is not None:
            how = "has ended" if before.is_over else f"is stopped before line {before.line}"
            self.story.append(f"thread {before.number} {how}")
        self.story.append(f"thread {to.number} goes on" + (f" at line {to.line}" if to.line else ""))
        self.current = to
        to.leave.release()

    def _next_after(self) -> None:
        if all(actor.is_over for actor in self.actors):
            self.done.release()
            return
        if self.failure:
            return
        options = [actor for actor in self.actors if actor.can_go_on]
        if options:
            self._hand_over(self._choose(options))
        else:
            self.failure = self._deadlock()
            self._release_all()

    def _deadlock(self) -> str:
        waiting = [f"thread {actor.number} at line {actor.line}" for actor in self.actors if not actor.is_over]
        return f"a deadlock: each waits for a lock that another one has: {', '.join(waiting)}"

    def _fail(self, failure: str) -> None:
        self.failure = failure
        self._release_all()
        raise Abandoned

    def _release_all(self) -> None:
        for actor in self.actors:
            if actor.leave.locked():
                actor.leave.release()


class SteppedLock:
    """`threading.Lock` or `RLock` that the schedule knows of; `_thread`'s own methods, by the same names."""

    turns: Turns
    again = False  # may its owner take it again?

    def __init__(self) -> None:
        self.owner: object = None
        self.holds = 0

    def is_free_for(self, actor: object) -> bool:
        """Whether it can be taken now."""
        return self.holds == 0 or (self.again and self.owner is actor)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it; a wait with a time limit gives up when nobody else can go on."""
        turns = self.turns
        actor = turns.current
        if actor is None:
            if not self.is_free_for(None):
                if not blocking or timeout >= 0:
                    return False
                _taken().acquire()  # the one thread there is waits for ever: it stands still, and that is seen
        else:
            if not blocking and not self.is_free_for(actor):
                return False
            while not self.is_free_for(actor):
                if timeout >= 0 and not any(each.can_go_on for each in turns.actors if each is not actor):
                    return False
                actor.waits_for = self
                turns.step()
            actor.waits_for = None
            actor.held += 1
        if actor is None:
            turns.main_holds += 1
        self.owner = actor
        self.holds += 1
        return True

    def release(self) -> None:
        """Give it back."""
        actor = self.turns.current
        if self.holds == 0 or (self.again and self.owner is not actor):
            raise RuntimeError("release unlocked lock" if not self.again else "cannot release un-acquired lock")
        if isinstance(self.owner, Actor):
            self.owner.held -= 1
        else:
            self.turns.main_holds -= 1
        self.holds -= 1
        if self.holds == 0:
            self.owner = None

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self.holds > 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class SteppedRLock(SteppedLock):
    """The re-entrant kind."""

    again = True

    def _is_owned(self) -> bool:
        return self.holds > 0 and self.owner is self.turns.current

    def _release_save(self) -> int:
        holds = self.holds
        for _ in range(holds):
            self.release()
        return holds

    def _acquire_restore(self, holds: int) -> None:
        for _ in range(holds):
            self.acquire()


def install(driver: Driver) -> None:
    """Replace the locks, before the answer is imported, and let the driver carry out `together`."""
    turns = Turns(driver)
    SteppedLock.turns = turns
    driver.together = turns.together
    driver.locks_held = lambda: turns.current.held if turns.current is not None else turns.main_holds
    library: Any = threading
    library.Lock = library._allocate_lock = SteppedLock
    library.RLock = library._PyRLock = library._CRLock = SteppedRLock
    own: Any = _thread
    own.allocate_lock = own.allocate = SteppedLock
    own.RLock = SteppedRLock
