"""The event loop on the jumping clock, and `run`, which is `asyncio.run` on it."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import heapq
import itertools
import math
import socket
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple, Unpack

from patterns.cost.autojump.in_flight import do_not_pace
from patterns.cost.autojump.selector import AutojumpSelector
from patterns.cost.autojump.stuck import Stuck

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Timer(asyncio.TimerHandle):
    """A timer that runs behind those of the same moment that were set before it; asyncio's own order is a heap's."""

    __slots__ = ("_number",)

    def __init__(self, number: int, *handle: Any) -> None:
        super().__init__(*handle)
        self._number = number

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self._number) < (other.when(), other._number)


class AutojumpEventLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` starts at 0.0 and leaps to the next timer when nothing is in flight.

    A timer's callback sees exactly the time it was scheduled for: `sleep(0.05)` twice from 0.0 ends at
    0.05 + 0.05, to the last bit. Timers of one moment run in the order in which they were set.
    """

    _scheduled: list[asyncio.TimerHandle]  # asyncio's heap of timers
    _check_closed: Callable[[], None]

    def __init__(self, patience_s: float = 1.0) -> None:
        self.selector = AutojumpSelector(patience_s)
        self.jobs: dict[asyncio.Future[Any], str] = {}  # under way in executors, by their functions' names
        self._timers = itertools.count()
        super().__init__(self.selector)
        self.selector.next_timer = self._next_timer
        self.selector.stuck = self._stuck

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self.selector.now

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """As in the base class.

        Raises:
            ValueError: a time that is not a number: there is no order to run it in.
        """
        self._check_closed()
        if math.isnan(when):
            raise ValueError("expected a time to call at, got nan; give seconds on this loop's clock")
        timer = _Timer(next(self._timers), when, callback, args, self, context)
        heapq.heappush(self._scheduled, timer)
        timer._scheduled = True  # type: ignore[attr-defined]  # not in typeshed; a cancelled timer is counted by it
        return timer

    def _next_timer(self) -> float | None:
        # The loop removes cancelled timers from the head of its heap before it selects.
        return self._scheduled[0].when() if self._scheduled else None

    @property
    def _clock_resolution(self) -> float:
        """Asyncio runs timers due before `time() + _clock_resolution`: exactly those due by now."""
        return math.ulp(self.selector.now)

    @_clock_resolution.setter
    def _clock_resolution(self, value: float) -> None:
        """Asyncio sets the real clock's resolution, which is not this clock's."""

    def _stuck(self, waited_s: float) -> Stuck:
        return Stuck.of(self, waited_s, executor=bool(self.selector.standing_still))

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Within, time does not move: somebody works whom the loop cannot see."""
        self.selector.standing_still += 1
        try:
            yield
        finally:
            self.selector.standing_still -= 1

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """As in the base class; time stands still until the job is done."""
        job = super().run_in_executor(executor, func, *args)
        self.selector.standing_still += 1
        self.jobs[job] = _name(func)
        job.add_done_callback(self._job_done)
        return job

    def _job_done(self, job: asyncio.Future[Any]) -> None:
        del self.jobs[job]
        self.selector.standing_still -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 asyncio's
        """As in the base class, without a time limit, which would be virtual: jobs end in real time."""
        with self.standing_still():
            await super().shutdown_default_executor()

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """As in the base class."""
        do_not_pace(sock.fileno())
        await super().sock_connect(sock, address)

    async def subprocess_exec(self, *args: Any, **options: Any) -> Any:
        """Refused.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            "a child process lives in real time and would be overtaken by the jumping clock: "
            "run it by asyncio.to_thread(subprocess.run, …), during which time stands still"
        )

    async def subprocess_shell(self, *args: Any, **options: Any) -> Any:
        """Refused, as `subprocess_exec` is."""
        await self.subprocess_exec()


def _name(func: Any) -> str:
    """A function as its author knows it: `to_thread` wraps it in `partial(Context.run, func, …)`."""
    while isinstance(func, functools.partial):
        func = func.args[0] if getattr(func.func, "__qualname__", "") == "Context.run" and func.args else func.func
    return str(getattr(func, "__qualname__", type(func).__qualname__)).replace("<locals>.", "")


def run(main: Coroutine[Any, Any, T], *, patience_s: float = 1.0) -> T:
    """Run a coroutine to its end under the jumping clock, in a loop of its own; return its result.

    Args:
        main: the coroutine.
        patience_s: real seconds for which "nothing can happen any more" must last before it is an error.

    Raises:
        Stuck: every task waits and no timer will wake one. The tasks have been cancelled.
    """
    with asyncio.Runner(loop_factory=lambda: AutojumpEventLoop(patience_s)) as runner:
        return runner.run(main)
