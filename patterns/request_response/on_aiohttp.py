"""The same server on aiohttp, which does the framing.

What our own loop does in sight, aiohttp does out of sight: other bytes in the head, the same exchange. Where its
care for bad clients differs from ours, `serve_aiohttp` says so.
"""

import asyncio

from aiohttp import web

from patterns.request_response.server import Handler, answer, execute
from patterns.request_response.turns import TakesTurns
from patterns.wire.framing import Limits, Request, Response
from patterns.wire.listen import Address, Server, bind, stop_accepting


class AiohttpServer:
    """A running aiohttp application with the two names that every server of the course has."""

    def __init__(self, runner: web.AppRunner, accepting: asyncio.Server, address: Address) -> None:
        self._runner = runner
        self._accepting = accepting
        self.address = address

    async def stop(self) -> None:
        """Close the listening socket and every connection; cancel the handlers at work."""
        try:
            await stop_accepting(self._accepting)
        finally:
            await self._runner.cleanup()

    async def __aenter__(self) -> "AiohttpServer":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def serve_aiohttp(
    handler: Handler,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits | None = None,
    open_to_the_network: bool = False,
) -> Server:
    """Serve the same `handler` on aiohttp.

    aiohttp does the framing; this function only translates its request into ours and our response into
    its own. A handler whose client has gone is cancelled (aiohttp does not do so by itself).

    Of the limits, aiohttp counts differently: `headers_bytes` holds for each header, not for all together,
    and `chunk_line_bytes` not at all; what is over a limit of the head is 400. It has no time-out for a
    request that has begun, nor for a client that does not read; an idle connection it keeps for an hour.
    """
    limits = limits or Limits()

    async def translate(request: web.Request) -> web.Response:
        ours = Request(request.method, request.raw_path, tuple(request.headers.items()), await request.read())
        return await execute(handler, ours, _for_aiohttp)

    application = web.Application(client_max_size=limits.body_bytes)
    application.router.add_route("*", "/{path:.*}", translate)
    runner = web.AppRunner(
        application,
        handler_cancellation=True,
        shutdown_timeout=1.0,
        access_log=None,
        max_line_size=limits.start_line_bytes,
        max_field_size=limits.headers_bytes,
        max_headers=limits.header_count,
    )
    try:
        await runner.setup()
        make = runner.server
        assert make is not None  # it is set up
        accepting, address = await bind(lambda: TakesTurns(make()), host, port, open_to_the_network=open_to_the_network)
    except BaseException:
        await runner.cleanup()
        raise
    return AiohttpServer(runner, accepting, address)


def _for_aiohttp(request: Request, response: Response) -> web.Response:
    answer(request, response)  # what cannot be sent is refused here as there
    headers = [pair for pair in response.headers if pair[0].lower() != "transfer-encoding"]  # it frames by itself
    return web.Response(status=response.status, reason=response.reason, headers=headers, body=response.body)
