"""A plain ASGI application on uvicorn: it waits for an asyncio.Event, with a time-out.

uvicorn as `pip install uvicorn` gives it: h11 reads the requests, in Python, on asyncio's own loop. With httptools
and uvloop, which it takes if they are there, it is faster.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from bench.peers import BACKLOG, HAPPENS, PAYLOAD, WAIT_S

log: list[bytes] = []
news = asyncio.Event()
serving: asyncio.Task[None]


def happen() -> None:
    """Something happens: who waits is woken, who comes from now on waits for the next."""
    global news
    log.append(PAYLOAD)
    news.set()
    news = asyncio.Event()


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """GET /events?from=N&wait=S."""
    query = parse_qs(scope["query_string"].decode())
    offset, wait_s = int(query["from"][0]), float(query["wait"][0]) if "wait" in query else WAIT_S
    status = 200
    if offset == len(log):
        try:
            async with asyncio.timeout(wait_s):
                await news.wait()
        except TimeoutError:
            status = 204
    body = b"".join(log[offset:])
    length = [] if status == 204 else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": body})


async def serve() -> tuple[str, int]:
    """Serve it on a port that the system chooses, without an access log."""
    global serving
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    config = uvicorn.Config(application, lifespan="off", access_log=False, log_level="warning", backlog=BACKLOG)
    serving = asyncio.create_task(uvicorn.Server(config).serve([listening]))
    asyncio.get_running_loop().add_signal_handler(HAPPENS, happen)
    host, port = listening.getsockname()
    return host, port
