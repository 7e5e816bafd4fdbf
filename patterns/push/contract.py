"""The contract of every lesson that delivers events: `serve` a log, `follow` it from an offset.

The problem: patterns can only be compared if they do the same work. The assumption: the work is a log whose
events have to reach a client in their order, each once, also when connections break.
The bargain: the client remembers one number, the offset it wants next. In exchange any connection may end
at any byte, on purpose or not: `resume` opens another one and nothing is lost or had twice.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Protocol

from patterns.request_response import GaveUp
from patterns.wait.log import Event, Log
from patterns.wire.framing import FramingError
from patterns.wire.listen import Address, Server

RETRY_S = 1.0  # between a break and the next attempt
BREAKS = 100  # in a row, without an event in between, before a client gives up


class Serve(Protocol):
    """`server = await serve(log)`; each lesson's options are keywords besides."""

    async def __call__(self, log: Log, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Serve the log's events, past and future, to any number of clients."""


class Follow(Protocol):
    """`async for event in follow(address, offset)`; each lesson's options are keywords besides."""

    def __call__(self, address: Address, offset: int = 0) -> AsyncGenerator[Event, None]:
        """Yield the events from `offset` on, each once and in order; closing it closes its connection."""


OneConnection = Callable[[int], AsyncGenerator[Event, None]]
"""The events from an offset on, for as long as one connection lasts."""


async def resume(
    one_connection: OneConnection, offset: int, *, retry_s: float = RETRY_S, breaks: int = BREAKS
) -> AsyncGenerator[Event, None]:
    """Yield the events of one connection after another, each from where the last one ended.

    A break is any `OSError` (refused, reset, timed out), bytes that are no message, and an end without
    either. It is followed by `retry_s` seconds of rest. What the server refuses (`LookupError`) would be
    refused again and is raised; so is `GaveUp` after more than `breaks` in a row that brought no event.
    """
    fruitless = 0
    while fruitless <= breaks:
        try:
            async with aclosing(one_connection(offset)) as events:
                async for event in events:
                    offset, fruitless = event.offset + 1, 0
                    yield event
        except (OSError, FramingError):
            pass
        fruitless += 1
        await asyncio.sleep(retry_s)
    raise GaveUp(
        f"expected a connection that brings event {offset}, got {fruitless} in a row that broke before; "
        "see whether the server runs, or allow more breaks"
    )
