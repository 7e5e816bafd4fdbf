"""A darkroom: hand in a film, take a ticket, wait at the counter until the photos are done. With bugs, and without.

This is how long polling is often shown: a handler that naps until the work is done. `counter_with_bugs` works in a
demonstration with one client whose ticket is right and whose film is developed soon. Three things
are wrong with it. Find them before you read `counter`, which is the same without them.

    POST /films                 201, Location: /films/1, the ticket
    GET /films/1                held until the film is developed: 200 "developed"; 204 in `counter` after `wait_s`
"""

import asyncio
import contextlib

from patterns.request_response import Handler
from patterns.wire.framing import Request, Response

DONE = 100


class Darkroom:
    """Films, by their ticket, and how many per cent of each are developed; someone else works on them."""

    def __init__(self) -> None:
        self.percent: dict[str, int] = {}
        self._done: dict[str, asyncio.Event] = {}

    def hand_in(self) -> str:
        """A ticket for a new film."""
        ticket = f"/films/{len(self.percent) + 1}"
        self.percent[ticket] = 0
        self._done[ticket] = asyncio.Event()
        return ticket

    def develop(self, ticket: str, percent: int) -> None:
        """Go on with a film, up to so many per cent."""
        self.percent[ticket] = percent
        if percent >= DONE:
            self._done[ticket].set()

    async def developed(self, ticket: str) -> None:
        """Wait until a film is developed, without looking at it meanwhile."""
        await self._done[ticket].wait()


def counter_with_bugs(darkroom: Darkroom) -> Handler:
    """The popular way. Three bugs."""

    async def handle(request: Request) -> Response:
        if request.method == "POST":
            return Response(201, headers=(("Location", darkroom.hand_in()),))
        percent = darkroom.percent.get(request.target, "undefined")
        while isinstance(percent, int) and percent < DONE:
            await asyncio.sleep(1)
            percent = darkroom.percent[request.target]
        return Response(200, body=b"developed" if percent == DONE else f"{percent}".encode())

    return handle


def counter(darkroom: Darkroom, *, wait_s: float = 30.0) -> Handler:
    """The same, mended: it waits for the film and not for a clock, not for ever, and only for a film that it has."""

    async def handle(request: Request) -> Response:
        if request.method == "POST":
            return Response(201, headers=(("Location", darkroom.hand_in()),))
        if request.target not in darkroom.percent:
            return Response(404, body=b"no such ticket\n")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await darkroom.developed(request.target)
        if darkroom.percent[request.target] < DONE:
            return Response(204)
        return Response(200, body=b"developed")

    return handle
