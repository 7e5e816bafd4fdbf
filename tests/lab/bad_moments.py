"""Interrupts at every moment there is, one run for each, instead of at a few by luck.

The problem: an interrupt is dangerous in the one iteration of the loop in which something is open and nobody
holds it; a stop button pressed at random finds that moment once in a thousand runs.
The assumption: a task can only be interrupted between two iterations of its loop, and under the jumping clock
the iterations are nearly the same every run.
The bargain: one loop for each moment, so the work under test is to be small; in return a leak is found by number.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import warnings
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, NamedTuple

from patterns.cost.autojump import AutojumpEventLoop

Work = Coroutine[Any, Any, None] | AsyncGenerator[Coroutine[Any, Any, None], None]
"""What is interrupted: a coroutine, or a generator that yields it, and then looks round, uninterrupted."""


class Run(NamedTuple):
    """One run: whether it was interrupted at all, and what it left, as complaints."""

    at: int
    interrupted: bool
    left: list[str]


class InterruptedLoop(AutojumpEventLoop):
    """Cancels its main task before these of its iterations, counted from 1 as soon as that task exists."""

    def __init__(self, at: set[int]) -> None:
        super().__init__()
        self.at = at
        self.turn = 0
        self.main: asyncio.Task[Any] | None = None

    def _run_once(self) -> None:
        if self.main is not None and not self.main.done():
            self.turn += 1
            if self.turn in self.at:
                self.main.cancel()
        super()._run_once()  # type: ignore[misc]  # asyncio's own, and it has no other place to stand


def interrupted(make: Callable[[], Work], at: int, again_after: int = 0) -> Run:
    """Run `make()` in a loop of its own, interrupt it before iteration `at`, and look what is left.

    again_after: so many iterations later it is interrupted once more, as impatient people do; 0: it is not.
    A task that swallows its interrupt is no fault here: a cell may end in spite of it. An exception is one.
    """
    left: list[str] = []
    loop = InterruptedLoop({at, at + again_after})
    descriptors = _descriptors()
    stopped = False

    async def main() -> None:
        nonlocal stopped
        loop.set_exception_handler(lambda _, context: left.append(f"lost: {context}"))
        work = make()
        if inspect.iscoroutine(work):
            loop.main = asyncio.current_task()
            await work
            return
        loop.main = asyncio.ensure_future(await anext(work))
        await asyncio.wait([loop.main])
        stopped = loop.main.cancelled()
        async for _ in work:
            raise AssertionError("expected one thing to interrupt, got two")
        if not stopped:
            loop.main.result()

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                runner.run(main())
            except asyncio.CancelledError:
                stopped = True
            except Exception as error:
                left.append(f"raised: {error!r}")
            loop.main = None
        gc.collect()
    left += [f"warned: {warning.message}" for warning in warned]
    if (more := _descriptors() - descriptors) > 0:
        left.append(f"{more} descriptors more than before")
    return Run(at, stopped, left)


def at_every_moment(make: Callable[[], Work], again_after: int = 0, most: int = 2000) -> list[Run]:
    """`interrupted` at 1, 2, 3, … until a run comes to its end before its interrupt; those that left something.

    `AssertionError` if there was no moment to interrupt, or more than `most`.
    """
    faults = []
    quiet = 0
    for at in range(1, most):
        run = interrupted(make, at, again_after)
        if run.left:
            faults.append(run)
        # The number of iterations differs by a few from run to run: three in a row say that this was the end.
        quiet = 0 if run.interrupted else quiet + 1
        if quiet == 3:
            assert at > 3, "the work had no moment at which it could be interrupted"
            return faults
    raise AssertionError(f"expected an end within {most} iterations; take smaller work")


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))
