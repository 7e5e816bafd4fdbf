"""The held question as a handler: what lesson 1's server, or aiohttp, needs to become one that holds.

A handler that waits is the shortest way to write it, and costs a task for each question that is held
(`held` does without). And it does not see its connection: whether it learns that the client has gone is the
server's affair. Where it does not, the question is held to its time-out for nobody (a ghost): until
then it costs what a living one costs, and its answer, with an event or without, is thrown away.
"""

from aiohttp import web

from patterns.long_polling.held import WAIT_S
from patterns.long_polling.wakeup import Between, Hold, hold, nothing
from patterns.push.contract import Serve
from patterns.push.on_aiohttp import run
from patterns.request_response import Handler
from patterns.request_response import serve as serve_on_streams
from patterns.short_polling.exchange import answer, understand
from patterns.wait.log import Log
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Leaving, Listening, Server

STOP_S = 0.1  # aiohttp gives handlers so long to end by themselves, which one that holds does not


def holding(
    log: Log, *, wait_s: float = WAIT_S, not_yet: int = 204, hold: Hold = hold, between: Between = nothing
) -> Handler:
    """A handler that answers when there is an event, or with `not_yet` after `wait_s` seconds.

    hold, between: how it waits, and what is awaited at the dangerous place; see `wakeup`.
    """

    async def handle(request: Request) -> Response:
        question = understand(request)
        if isinstance(question, Response):
            return question
        if question.offset <= log.next_offset:
            limit_s = wait_s if question.wait_s is None else min(wait_s, question.wait_s)
            await hold(log, question.offset, limit_s, between=between)
        return answer(log, question, not_yet=not_yet)

    return handle


async def serve_handler(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    wait_s: float = WAIT_S,
    not_yet: int = 204,
    hold: Hold = hold,
    between: Between = nothing,
    handler_cancellation: Leaving | None = Leaving.HANG_UP,
    open_to_the_network: bool = False,
) -> Listening:
    """The handler on lesson 1's server: `Leaving.HANG_UP` sees a client go; with None its question becomes a ghost."""
    handle = holding(log, wait_s=wait_s, not_yet=not_yet, hold=hold, between=between)
    return await serve_on_streams(
        handle, host, port, handler_cancellation=handler_cancellation, open_to_the_network=open_to_the_network
    )


async def serve_aiohttp(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    wait_s: float = WAIT_S,
    not_yet: int = 204,
    handler_cancellation: bool = True,
    open_to_the_network: bool = False,
) -> Server:
    """The handler on aiohttp, whose own default for `handler_cancellation` is False: ghosts."""
    handle = holding(log, wait_s=wait_s, not_yet=not_yet)

    async def translate(request: web.Request) -> web.Response:
        response = await handle(Request(request.method, request.raw_path, tuple(request.headers.items())))
        return web.Response(status=response.status, headers=response.headers, body=response.body)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", translate)
    return await run(
        application,
        host,
        port,
        handler_cancellation=handler_cancellation,
        stop_s=STOP_S,
        open_to_the_network=open_to_the_network,
    )


_: tuple[Serve, Serve] = (serve_handler, serve_aiohttp)
