"""Push through HTTP's door: WebSocket (RFC 6455), by aiohttp. The lesson's `serve` and `follow`.

The registration is a GET that asks to leave HTTP (`Upgrade: websocket`); 101 agrees, and from then on both
sides may speak whenever they like, in frames. One binary message is one event (`events.encode_event`); ping and
pong are the protocol's own heartbeat. The rest is the raw form's: tell, beat, hear.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp
from aiohttp import WSMsgType, hdrs, web

from patterns.push.contract import BREAKS, RETRY_S, Follow, Serve, resume
from patterns.push.events import HEAD_BYTES, MOST_FRAME_BYTES, decode_event, encode_event
from patterns.push.on_aiohttp import run
from patterns.push.outbox import Overload
from patterns.push.raw import HEARTBEAT_S, SILENCE_S, WRITE_BUFFER_BYTES
from patterns.push.subscribers import BUFFER_EVENTS, PushServer, Subscribers, bound_buffers
from patterns.wait.log import Event, Log
from patterns.wire.framing import Request, Response, encode
from patterns.wire.listen import Address

SERVER = "push"
STOP_S = 0.1  # how long a handler may take to end by itself, which one that pushes does not
GOODBYE_S = 1.0  # how long to wait for the other side's close frame
MOST_HEARD_BYTES = 4096  # a subscriber says nothing but pong
PONG_BYTES = 6  # a client masks what it sends: 2 + 4 (RFC 6455 §5.3)
PING_BYTES = 2


async def serve(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    overload: Overload | str = Overload.DISCONNECT,
    buffer_events: int = BUFFER_EVENTS,
    write_buffer_bytes: int = WRITE_BUFFER_BYTES,
    kernel_buffer_bytes: int | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    silence_s: float = SILENCE_S,
    open_to_the_network: bool = False,
) -> PushServer:
    """Push every event to everyone who has registered at `/events?from=N` (or `from=now`).

    The options are `serve_raw`'s. An offset that the log does not have is refused with 416, before the upgrade.
    """
    subscribers = Subscribers(log, overload, buffer_events)

    async def talk(request: web.Request) -> web.StreamResponse:
        wanted = request.query.get("from", "0")
        if wanted != "now" and not (re.fullmatch("[0-9]{1,18}", wanted) and int(wanted) <= log.next_offset):
            return web.Response(status=416, text=f"from=N takes 0 to {log.next_offset}, or now; got {wanted[:20]}\n")
        socket = web.WebSocketResponse(
            autoping=False,
            compress=False,
            timeout=GOODBYE_S,
            max_msg_size=MOST_HEARD_BYTES,
            writer_limit=write_buffer_bytes,
        )
        socket.headers[hdrs.SERVER] = SERVER  # in place of the names of everything that is installed here
        offset = log.next_offset if wanted == "now" else int(wanted)
        await socket.prepare(request)
        if (transport := request.transport) is None:
            return socket  # the client has gone already
        bound_buffers(transport, write_buffer_bytes, kernel_buffer_bytes)
        try:
            async with asyncio.TaskGroup() as tasks:
                speaking = [tasks.create_task(tell(offset, socket, transport)), tasks.create_task(beat(socket))]
                while (await socket.receive(silence_s)).type in {WSMsgType.PONG, WSMsgType.BINARY, WSMsgType.TEXT}:
                    pass
                for task in speaking:
                    task.cancel()
        except* TimeoutError:
            subscribers.unheard += 1
            transport.abort()
        except* ConnectionError:
            pass  # the client has gone
        return socket

    async def tell(offset: int, socket: web.WebSocketResponse, transport: asyncio.WriteTransport) -> None:
        async with aclosing(subscribers.events(offset, transport)) as news:
            async for events in news:
                async with asyncio.timeout(silence_s):
                    for event in events:
                        await socket.send_bytes(encode_event(event))

    async def beat(socket: web.WebSocketResponse) -> None:
        while True:
            await asyncio.sleep(heartbeat_s)
            await socket.ping()

    application = web.Application()
    application.router.add_get("/events", talk)
    server = await run(
        application,
        host,
        port,
        handler_cancellation=True,
        stop_s=STOP_S,
        open_to_the_network=open_to_the_network,
    )
    return PushServer(server, subscribers)


async def follow(
    address: Address,
    offset: int = 0,
    *,
    from_now: bool = False,
    silence_s: float = SILENCE_S,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Event, None]:
    """Register once, then yield events as they come. The options are `follow_raw`'s."""

    async def one_connection(offset: int) -> AsyncGenerator[Event, None]:
        try:
            async with (
                aiohttp.ClientSession(
                    skip_auto_headers=_NEEDLESS, timeout=aiohttp.ClientTimeout(total=silence_s)
                ) as session,
                session.ws_connect(
                    f"{address.url}/events?from={'now' if from_now else offset}",
                    timeout=aiohttp.ClientWSTimeout(ws_receive=silence_s, ws_close=GOODBYE_S),
                    max_msg_size=MOST_FRAME_BYTES + 1,
                ) as socket,
            ):
                async for message in socket:
                    if message.type is WSMsgType.BINARY:
                        yield decode_event(message.data)
        except aiohttp.WSServerHandshakeError as error:
            if error.status >= 500:
                raise ConnectionError(str(error)) from error
            raise LookupError(f"expected 101 for events from offset {offset} on, got {error.status}") from error
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error)) from error

    async with aclosing(resume(one_connection, offset, retry_s=retry_s, breaks=breaks)) as events:
        async for event in events:
            yield event


_NEEDLESS = (hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.USER_AGENT)


def message_bytes(payload_bytes: int) -> int:
    """The size of an event on the wire: a frame's head of 2, 4 or 10 bytes (RFC 6455 §5.2), 16, and its payload."""
    size = HEAD_BYTES + payload_bytes
    return size + (2 if size < 126 else 4 if size < 65_536 else 10)


def registration_bytes(address: Address, offset: int = 0) -> tuple[int, int]:
    """The sizes of the opening handshake's question and answer, as `follow` asks and `serve` agrees (RFC 6455 §4)."""
    question = Request(
        "GET",
        f"/events?from={offset}",
        (
            ("Host", str(address)),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "x" * 24),  # 16 bytes in base64
        ),
    )
    answer = Response(
        101,
        headers=(
            ("Upgrade", "websocket"),
            ("Connection", "upgrade"),
            ("Sec-WebSocket-Accept", "x" * 28),  # SHA-1 in base64
            ("Server", SERVER),
            ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ),
    )
    return len(encode(question)), len(encode(answer))


_: tuple[Serve, Follow] = (serve, follow)
