"""Every server of lesson 1, as a hostile client and a polite one meet it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from patterns.request_response import Handler, Library, Uploads, downloads, notices, route, serve, serve_aiohttp
from patterns.wait.log import Log
from patterns.wire.framing import Request, Response, encode
from patterns.wire.listen import Server
from tests.hostile.clients import Target

BIG_BYTES = 1_000_000


@dataclass(frozen=True)
class Meeting:
    """A running server, the small question that a polite client asks with its answer, and one with a big answer."""

    server: Server
    small: Request
    answer: bytes
    big: Request

    @property
    def target(self) -> Target:
        """For the table of hostile clients."""
        small, big = (
            encode(Request(asked.method, asked.target, (("Host", "h"),), asked.body))
            for asked in (self.small, self.big)
        )
        return Target(self.server.address, small, big)


async def plain(request: Request) -> Response:
    """A big answer to /big, a small one to everything else."""
    return Response(200, body=bytes(BIG_BYTES) if request.target == "/big" else b"small")


def _library(stack: contextlib.ExitStack) -> Handler:
    library = Library()
    stack.callback(library.close)
    return library.handler()


def _transfer(_: contextlib.ExitStack) -> Handler:
    return route({"/body": downloads({"/body": bytes(BIG_BYTES)}), "/uploads": Uploads()})


def _notices(_: contextlib.ExitStack) -> Handler:
    log = Log()
    for number in range(1_000):
        log.append(b"x" * (BIG_BYTES // 1_000), float(number))
    return notices(log)


Q_ROWS = b"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3) SELECT hex(zeroblob(16000)) FROM n"
GET = Request("GET", "/small")
# Name, what serves, its handler, the small question, its answer, the big question.
SERVERS: dict[str, tuple[Callable, Callable[[contextlib.ExitStack], Handler], Request, bytes, Request]] = {
    "raw streams": (serve, lambda _: plain, GET, b"small", Request("GET", "/big")),
    "aiohttp": (serve_aiohttp, lambda _: plain, GET, b"small", Request("GET", "/big")),
    "library": (
        serve,
        _library,
        Request("GET", "/books/2"),
        json.dumps({"id": 2, "title": "Computer Networks", "year": 1981}).encode(),
        Request("POST", "/sql", body=Q_ROWS),
    ),
    "transfer": (serve, _transfer, Request("POST", "/uploads", body=b"x"), b"", Request("GET", "/body")),
    "notices": (serve, _notices, Request("GET", "/notices?after=1000"), b"[]", Request("GET", "/notices?after=0")),
}


@asynccontextmanager
async def meeting(
    name: str, *, around: Callable[[Handler], Handler] = lambda handler: handler, **options: object
) -> AsyncIterator[Meeting]:
    """The server of that name, running, with `around` about its handler; `options` go to what serves."""
    start, make, small, answer, big = SERVERS[name]
    with contextlib.ExitStack() as stack:
        async with await start(around(make(stack)), **options) as server:
            yield Meeting(server, small, answer, big)
