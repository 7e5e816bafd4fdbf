"""An aiohttp application behind the course's `Server`: bound to a port that the system chooses, and stopped whole."""

from aiohttp import web

from patterns.request_response.on_aiohttp import AiohttpServer
from patterns.wire.listen import bind


async def run(
    application: web.Application,
    host: str,
    port: int,
    *,
    handler_cancellation: bool,
    stop_s: float,
    open_to_the_network: bool,
) -> AiohttpServer:
    """Serve the application.

    handler_cancellation: whether a handler is cancelled when its client goes (aiohttp's default: it is not).
    stop_s: how long handlers may take to end by themselves when the server stops.
    """
    runner = web.AppRunner(
        application, handler_cancellation=handler_cancellation, shutdown_timeout=stop_s, access_log=None
    )
    try:
        await runner.setup()
        assert runner.server is not None  # it is set up
        accepting, address = await bind(runner.server, host, port, open_to_the_network=open_to_the_network)
    except BaseException:
        await runner.cleanup()
        raise
    return AiohttpServer(runner, accepting, address)
