"""The reaper: turns a purgatory's clock, so that what waits in it expires in time, and sweeps what has ended.

The problem: a purgatory has no clock of its own, and somebody has to tell it what time it is, in time. The assumption:
it can say when it next has something to do. The bargain: one timer, or one thread, a purgatory, whatever the number
of operations; with nothing parked it sleeps for good, instead of looking up every 200 ms as Kafka's does. What has
ended and lies on lists that nobody touches is swept at each turn and at each parking, once there is enough of it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Protocol

from patterns.wait.delayed_operation import Purgatory

LOOK_MS = 200  # a reaper's thread waits so long at most

Report = Callable[[str, BaseException], object]


class Clock:
    """The loop's time as a purgatory has it, in whole milliseconds, the nearest: monotonic, never the time of day."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(self) -> int:
        """It is so late."""
        return round(self._loop.time() * 1000)


class Reaper(Protocol):
    """Keeps one purgatory's time."""

    def parked(self) -> None:
        """Something was put into it."""

    async def stop(self) -> None:
        """End; what is pending stays as it is, neither completed nor expired."""


class TimerReaper:
    """A reaper on the loop."""

    def __init__(self, purgatory: Purgatory, clock: Clock, report: Report) -> None:
        self._purgatory, self._clock, self._report = purgatory, clock, report
        self._loop = asyncio.get_running_loop()
        self._at_ms: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def parked(self) -> None:
        """Be there when it is due."""
        self._purgatory.maybe_purge()
        at_ms = self._purgatory.next_expiration_ms
        if at_ms is not None and (self._at_ms is None or at_ms < self._at_ms):
            if self._timer is not None:
                self._timer.cancel()
            self._at_ms = at_ms
            self._timer = self._loop.call_at(at_ms / 1000, self._turn)

    async def stop(self) -> None:
        """Set no more timer."""
        self._at_ms = -1  # earlier than anything
        if self._timer is not None:
            self._timer.cancel()

    def _turn(self) -> None:
        self._at_ms = self._timer = None
        _advance(self._purgatory, self._clock(), self._report)
        self.parked()


class ThreadReaper:
    """A reaper as a thread: its purgatory needs locks."""

    def __init__(self, purgatory: Purgatory, clock: Clock, report: Report, name: str) -> None:
        self._purgatory, self._clock, self._report = purgatory, clock, report
        self._at_ms = 0
        self._is_stopping = False
        self._something = threading.Condition()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def parked(self) -> None:
        """Wake it if it would come too late."""
        at_ms = self._purgatory.next_expiration_ms
        if at_ms is not None and at_ms < self._at_ms:
            with self._something:
                self._something.notify()

    async def stop(self) -> None:
        """Wake it for the last time, and wait for its end."""
        with self._something:
            self._is_stopping = True
            self._something.notify()
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        while not self._is_stopping:
            _advance(self._purgatory, self._clock(), self._report)
            self._purgatory.maybe_purge()
            with self._something:
                now_ms = self._clock()
                self._at_ms = now_ms + LOOK_MS
                at_ms = self._purgatory.next_expiration_ms  # looked at after the line above: see `parked`
                if at_ms is not None:
                    self._at_ms = min(self._at_ms, at_ms)
                if not self._is_stopping and self._at_ms > now_ms:
                    self._something.wait((self._at_ms - now_ms) / 1000)


def _advance(purgatory: Purgatory, now_ms: int, report: Report) -> None:
    """Expire what is due; what a hook raises is reported, and what is behind it expires all the same."""
    while True:
        try:
            purgatory.advance_clock(now_ms)
        except Exception as error:
            report("an operation that expired failed", error)
        else:
            return
