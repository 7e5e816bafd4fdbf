"""An event loop whose time moves when the grader says so, and not otherwise.

The problem: an answer that is asked "how long did you wait?" may say what it likes.
The bargain: the loop does everything that needs no time, then says that it is idle, and when its next timer is
due; the grader, which has a clock of its own, lets time move to a moment of its choice. An answer that lies about
the time only keeps its own timers from ringing.

As on the course's jumping clock, a timer's callback sees exactly the time it was set for, and timers of one moment
ring in the order in which they were set.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import math
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Ready = list[tuple[selectors.SelectorKey, int]]


class GrantedSelector(selectors.DefaultSelector):
    """Asks `idle()` what to do when nothing is ready, instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = 0  # in executors, which work in real time
        self.turns = 0  # of the loop since it was last idle
        self.idle: Callable[[], None] = lambda: None
        self.too_busy: Callable[[int], None] = lambda _turns: None

    def select(self, timeout: float | None = None) -> Ready:
        """What is ready; if nothing is, the grader has spoken meanwhile."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            self.turns += 1
            self.too_busy(self.turns)
            return ready
        if self.jobs:
            return super().select(None)
        self.turns = 0
        self.idle()
        return []


class _Timer(asyncio.TimerHandle):
    __slots__ = ("_number",)

    def __init__(self, number: int, *handle: Any) -> None:
        super().__init__(*handle)
        self._number = number

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self._number) < (other.when(), other._number)


class GrantedLoop(asyncio.SelectorEventLoop):
    """An event loop on granted time; `now` is set from outside while it is idle."""

    _scheduled: list[asyncio.TimerHandle]  # asyncio's heap of timers
    _check_closed: Callable[[], None]

    def __init__(self) -> None:
        self.now = 0.0
        self.selector = GrantedSelector()
        self._numbers = itertools.count()
        super().__init__(self.selector)

    def time(self) -> float:
        """Seconds granted since the loop was made."""
        return self.now

    @property
    def next_timer(self) -> float | None:
        """When the next timer is due, or None; the loop has dropped cancelled ones before it is idle."""
        return self._scheduled[0].when() if self._scheduled else None

    def drop_cancelled_timers(self) -> None:
        """Forget the timers that were cancelled now; asyncio does it by and by."""
        for timer in self._scheduled:
            if timer.cancelled():
                timer._scheduled = False  # type: ignore[attr-defined]  # as asyncio does
        self._scheduled = [timer for timer in self._scheduled if not timer.cancelled()]
        heapq.heapify(self._scheduled)
        self._timer_cancelled_count = 0

    @property
    def _clock_resolution(self) -> float:
        return math.ulp(self.now)

    @_clock_resolution.setter
    def _clock_resolution(self, value: float) -> None:
        """Asyncio sets the real clock's resolution, which is not this clock's."""

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """As in the base class."""
        self._check_closed()
        if math.isnan(when):
            raise ValueError("expected a time to call at, got nan; give seconds on this loop's clock")
        timer = _Timer(next(self._numbers), when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]  # not in typeshed; a cancelled timer is counted by it
        return timer

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As in the base class; the loop is not idle before the job is done."""
        job = super().run_in_executor(executor, func, *args)
        self.selector.jobs += 1
        job.add_done_callback(self._job_done)
        return job

    def _job_done(self, _job: asyncio.Future[Any]) -> None:
        self.selector.jobs -= 1
