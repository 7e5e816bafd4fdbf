"""A watchdog beside the loop: when the loop does not come round in time, it writes down what holds it up.

The problem: a loop that is held up cannot say so; when it can again, the culprit is gone.
The assumption: another thread runs meanwhile, since whatever holds the loop either waits in the system, with
the interpreter's lock released, or computes in Python, which lets others in every few milliseconds.
The bargain: a heartbeat on the loop and a thread that looks at it, in return for the very line at fault.
Code of an extension that keeps the lock is caught only when it lets go. (asyncio's own debug mode times every
callback instead, and names the task that was slow, not the line.)
"""

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass


@dataclass(slots=True)
class Held:
    """One hold-up: how long the loop did not come round, in seconds, and where it stood, innermost line last."""

    seconds: float
    stack: traceback.StackSummary

    @property
    def line(self) -> str:
        """The innermost line, as "function, line 12: time.sleep(1)"."""
        frame = self.stack[-1]
        return f"{frame.name}, line {frame.lineno}: {frame.line}"


@contextlib.asynccontextmanager
async def watchdog(limit_s: float = 0.1) -> AsyncIterator[list[Held]]:
    """Watch the running loop while the block lasts; yields the list that hold-ups over `limit_s` are added to.

    The loop beats four times in `limit_s`, and the watching thread looks as often. The length of a hold-up is
    known, and filled in, when the loop has come round again; it may be short by one beat.
    """
    if not limit_s > 0:
        raise ValueError(f"expected limit_s above 0, got {limit_s!r}")
    watch = _Watch(limit_s)
    thread = threading.Thread(target=watch.look, name="watchdog", daemon=True)
    beating = asyncio.create_task(watch.beat(), name="the watchdog's heartbeat")
    thread.start()
    try:
        yield watch.found
    finally:
        beating.cancel()
        watch.over.set()
        thread.join()


class _Watch:
    def __init__(self, limit_s: float) -> None:
        self.found: list[Held] = []
        self.over = threading.Event()
        self._limit_s = limit_s
        self._loop_thread = threading.get_ident()
        self._beat_s = time.monotonic()

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(self._limit_s / 4)
            self._beat_s = time.monotonic()

    def look(self) -> None:
        held: Held | None = None
        since_s = 0.0
        while not self.over.wait(self._limit_s / 4):
            beat_s = self._beat_s
            if held is not None and beat_s != since_s:  # it came round
                held.seconds, held = beat_s - since_s, None
            silent_s = time.monotonic() - beat_s
            if silent_s > self._limit_s:
                if held is None:
                    frame = sys._current_frames().get(self._loop_thread)
                    held, since_s = Held(silent_s, traceback.extract_stack(frame)), beat_s
                    self.found.append(held)
                held.seconds = silent_s
