"""The lost wake-up: to look and then to wait is one step too many.

The problem: a question that finds no event has to be told of the next one. Between the look ("nothing yet")
and the wait ("tell me") lies a moment, and an event that happens in it is seen by neither: the client waits for
its whole time-out for something that is there.
The assumption that makes it go unnoticed: nothing happens in between. That is true as long as nothing is
awaited there, and then somebody adds a database, a lock, a log line.
The bargain: watch first, then look. It costs nothing but the order of two lines.

Both functions wait until the log has an event at `offset`, at most `wait_s` seconds. `between` is awaited at the
dangerous place: tests and notebooks let an event happen there.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

from patterns.wait.log import Log

Between = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """What is usually awaited in between."""


class Hold(Protocol):
    """`await hold(log, offset, wait_s)`: until the event is there, or time is up."""

    async def __call__(self, log: Log, offset: int, wait_s: float, *, between: Between = nothing) -> None:
        """Wait at most `wait_s` seconds; `between` is awaited at the dangerous place."""


async def hold_after_a_look(log: Log, offset: int, wait_s: float, *, between: Between = nothing) -> None:
    """Look, then watch, then wait: broken on purpose. What happens between the first two wakes nobody."""
    if log.next_offset > offset:
        return
    await between()
    with _watched(log) as happened:
        await _wait(happened, wait_s)


async def hold(log: Log, offset: int, wait_s: float, *, between: Between = nothing) -> None:
    """Watch, then look, then wait: from the first line on nothing that happens is overlooked."""
    with _watched(log) as happened:
        if log.next_offset > offset:
            return
        await between()
        await _wait(happened, wait_s)


@contextlib.contextmanager
def _watched(log: Log) -> Iterator[asyncio.Event]:
    """An asyncio.Event that the log's next event sets; watched for as long as the block lasts, however it ends."""
    happened = asyncio.Event()
    unwatch = log.watch(lambda _: happened.set())
    try:
        yield happened
    finally:
        unwatch()


async def _wait(happened: asyncio.Event, wait_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await happened.wait()
