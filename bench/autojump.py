"""The price of the clock that jumps: an hour of one poll a second, against the same polls back to back.

Ours polls through aiohttp under the jumping clock, one request a virtual second, so that every request is
followed by a jump; the peer sends the same requests to the same server on a plain asyncio loop, without any
pause. What the ratio lacks to 1 is what looking for bytes under way and jumping cost; the value is requests a
second of wall time. To have a quiet core: `taskset -c 0 make bench`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from aiohttp import ClientSession, web

from bench.side_by_side import Row, in_turn
from patterns.cost import autojump

HOUR = 3600


async def requests_a_second(requests: int, interval_s: float) -> float:
    """Requests a second of wall time, of which pauses between them are none under the jumping clock."""

    async def nothing_new(_request: web.Request) -> web.Response:
        return web.Response(text="no")

    app = web.Application()
    app.router.add_get("/news", nothing_new)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/news"
    async with ClientSession() as session:
        started = time.perf_counter()
        for _ in range(requests):
            async with session.get(url) as response:
                await response.read()
            if interval_s:
                await asyncio.sleep(interval_s)
        took_s = time.perf_counter() - started
    await runner.cleanup()
    return requests / took_s


def rows(effort: float = 1.0) -> Iterator[Row]:
    requests = max(10, round(HOUR * effort))
    yield Row(
        what="an hour of short polling",
        ours_is="aiohttp, one poll a second, under the clock that jumps",
        peer_is="aiohttp, the same polls back to back, on asyncio's loop",
        unit="requests/s",
        better="higher",
        goal="at least 1,400 requests/s on one quiet core",
        **in_turn(
            lambda: autojump.run(requests_a_second(requests, 1.0)),
            lambda: asyncio.run(requests_a_second(requests, 0.0)),
        ),
    )
