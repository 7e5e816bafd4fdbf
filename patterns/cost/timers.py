"""What a timer costs with so many others standing: on the wheel, on a heap, and by asyncio's `call_later`.

The problem: a server sets a timer for each question and cancels nearly all of them, so what counts is that step, and
what is left of it to be done later. A million timers take a gigabyte, and the collector's time, from whoever sets them.
The assumption: processor time of a process that does nothing else says it.
The bargain: each measurement begins an interpreter, a quarter of a second, and gives everything back when it ends.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import itertools
import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from patterns.cost.process.child import Child, stop_all
from patterns.wait.timing_wheel import TimingWheel

FAR_MS = 600_000  # none is due while it is measured
SAMPLE = 20_000
LOOK_EVERY = 1000  # steps: so often the loop takes a turn
LIMIT_S = 300.0


class Timers(Protocol):
    """Something that keeps timers."""

    def set(self, due_ms: int) -> Any:
        """Set one; what `cancel` takes."""

    def cancel(self, timer: Any) -> None:
        """It is over."""

    def standing(self) -> int:
        """How many it keeps, when whatever it does now and then has been done."""

    def be_rid_of(self, n: int) -> None:
        """Do what is still to be done for so many that are over."""


class WheelTimers:
    """Takes out what is over."""

    def __init__(self) -> None:
        self.wheel: TimingWheel[None] = TimingWheel()

    def set(self, due_ms: int) -> Any:
        """Put one in."""
        return self.wheel.add(None, due_ms)

    def cancel(self, timer: Any) -> None:
        """It is over."""
        timer.cancel()

    def standing(self) -> int:
        """How many there are."""
        return len(self.wheel)

    def be_rid_of(self, n: int) -> None:
        """Nothing: what is over is not in it."""


class HeapTimers:
    """Cannot take out: what is over stays until its time has come."""

    def __init__(self) -> None:
        self.heap: list[list[Any]] = []
        self.number = itertools.count()

    def set(self, due_ms: int) -> Any:
        """Put one in."""
        timer = [due_ms, next(self.number), False]
        heapq.heappush(self.heap, timer)
        return timer

    def cancel(self, timer: Any) -> None:
        """It is over."""
        timer[2] = True

    def standing(self) -> int:
        """How many there are."""
        return len(self.heap)

    def be_rid_of(self, n: int) -> None:
        """Take them from the top."""
        for _ in range(n):
            heapq.heappop(self.heap)


class LoopTimers:
    """Marks what is over, and sweeps when more than half is."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def set(self, due_ms: int) -> Any:
        """Put one in."""
        return self.loop.call_later(due_ms / 1000, int)

    def cancel(self, timer: Any) -> None:
        """It is over."""
        timer.cancel()

    def standing(self) -> int:
        """How many there are."""
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()  # a turn, in which it may sweep
        return len(self.loop._scheduled)  # type: ignore[attr-defined]  # asyncio tells it nowhere else

    def be_rid_of(self, n: int) -> None:
        """Nothing: its sweeps were among the steps."""


TIMERS: dict[str, type[Timers]] = {"wheel": WheelTimers, "heap": HeapTimers, "call_later": LoopTimers}


@dataclass(frozen=True, slots=True)
class TimerCost:
    """µs of processor time for one timer, `standing` others being set; `kept` are there after all steps.

    step_us: to set one and cancel another. later_us: to be rid of one that is over. sweep_ms: the longest turn.
    """

    on: str
    standing: int
    step_us: float
    later_us: float
    sweep_ms: float
    kept: int

    @property
    def in_all_us(self) -> float:
        """To set one, and to be rid of it."""
        return self.step_us + self.later_us


def _check(on: str, standing: int) -> None:
    if on not in TIMERS or standing < 1:
        raise ValueError(f"expected one of {', '.join(TIMERS)}, and 1 timer or more, got {on!r} and {standing}")


def measure(
    on: str, standing: int, *, sample: int = SAMPLE, clock: Callable[[], float] = time.thread_time
) -> TimerCost:
    """In this process: twice as many steps as timers stand, `sample` at least."""
    _check(on, standing)
    chance = random.Random(standing)
    steps = max(sample, 2 * standing)
    was_collecting = gc.isenabled()
    gc.disable()  # a million objects would be looked through in the middle of it
    try:
        timers = TIMERS[on]()
        entries = [timers.set(FAR_MS + chance.randrange(FAR_MS)) for _ in range(standing)]
        plan = [(chance.randrange(standing), FAR_MS + chance.randrange(FAR_MS)) for _ in range(steps)]
        longest_s = 0.0
        began_s = clock()
        for number, (at, due_ms) in enumerate(plan):
            timers.cancel(entries[at])
            entries[at] = timers.set(due_ms)
            if number % LOOK_EVERY == 0:
                before_s = clock()
                timers.standing()
                longest_s = max(longest_s, clock() - before_s)
        stepped_s = clock()
        kept = timers.standing()
        before_s = clock()
        timers.be_rid_of(sample)
        rid_s = clock()
        if isinstance(timers, LoopTimers):
            timers.loop.close()
    finally:
        if was_collecting:
            gc.enable()
    return TimerCost(
        on, standing, 1e6 * (stepped_s - began_s) / steps, 1e6 * (rid_s - before_s) / sample, 1e3 * longest_s, kept
    )


async def timer_cost(on: str, standing: int) -> TimerCost:
    """`measure` in a process of its own, so that neither this one's loop nor its memory has a part in it.

    Raises:
        ValueError: there are no such timers, or none.
        HasEnded: the process ended without a figure, such as when memory was not enough.
        TimeoutError: it took more than five minutes.
    """
    _check(on, standing)
    child = await Child.start(
        "-m", "patterns.cost.timers", on, str(standing), what=f"the process of {standing:,} timers", imports_us=True
    )
    try:
        return TimerCost(**json.loads(await child.line(LIMIT_S)))
    finally:
        await stop_all([child])


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # nothing of what it has is worth taking apart


def main() -> None:
    """A child's life."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    print(json.dumps(asdict(measure(sys.argv[1], int(sys.argv[2])))), flush=True)
    threading.Event().wait()  # for the end of stdin: to take a million timers apart would take seconds


if __name__ == "__main__":
    main()
