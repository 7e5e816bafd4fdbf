"""A plain aiohttp handler: it waits for an asyncio.Event, with a time-out."""

import asyncio

from aiohttp import web

from bench.peers import BACKLOG, HAPPENS, PAYLOAD, WAIT_S

log: list[bytes] = []
news = asyncio.Event()


def happen() -> None:
    """Something happens: who waits is woken, who comes from now on waits for the next."""
    global news
    log.append(PAYLOAD)
    news.set()
    news = asyncio.Event()


async def events(request: web.Request) -> web.Response:
    """GET /events?from=N&wait=S."""
    offset, wait_s = int(request.query["from"]), float(request.query.get("wait", WAIT_S))
    if offset == len(log):
        try:
            async with asyncio.timeout(wait_s):
                await news.wait()
        except TimeoutError:
            return web.Response(status=204)
    return web.Response(body=b"".join(log[offset:]))


async def serve() -> asyncio.Server:
    """Serve it on aiohttp's own runner, without an access log."""
    application = web.Application()
    application.router.add_get("/events", events)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(HAPPENS, happen)
    return await loop.create_server(runner.server, "127.0.0.1", 0, backlog=BACKLOG)
