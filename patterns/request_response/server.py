"""The server: read bytes until they are a request, hand it to a handler, write the response; again.

The problem: bytes come in pieces that know nothing of requests, and clients are slow, broken or gone.
The assumption: a handler needs the whole request and makes the whole response, so the loop below is
all there is between a socket and a function `Request → Response`.
The bargain: one request at a time on a connection. What a client sends in advance (pipelining) waits
in the buffer, so responses keep the order of the requests (RFC 9112 §9.3.2), and a slow handler holds
up only those who stand behind it on the same connection.

Connections take turns: with more requests waiting, one is answered and the others are let in before the next, so
a client that sends ten thousand in advance holds up nobody but itself. What it may hold of the server is
bounded: a piece of unread bytes, one request, one response.

`serve` is the server on raw streams; beside it, `serve_aiohttp` is the same handler on aiohttp: other bytes in
the head, the same exchange.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from patterns.request_response.requests import Requests
from patterns.wire.framing import BadLength, BadStartLine, FramingError, Limits, Request, Response, Truncated, encode
from patterns.wire.listen import Leaving, Listening, listen, when_client_leaves

Handler = Callable[[Request], Awaitable[Response]]
"""What a server executes: the whole request in, the whole response out."""

T = TypeVar("T")
PIECE_BYTES = 65_536


async def serve(
    handler: Handler,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    limits: Limits | None = None,
    request_timeout_s: float = 10.0,
    idle_timeout_s: float = 75.0,
    write_timeout_s: float = 30.0,
    handler_cancellation: Leaving | None = None,
    max_connections: int | None = None,
    open_to_the_network: bool = False,
) -> Listening:
    """Serve `handler` on raw asyncio streams; port 0 lets the system choose.

    `request_timeout_s`: from a request's first byte to its last, or, if it was sent in advance, from when its
    turn came; after it the client is told 408.
    `idle_timeout_s`: how long a kept connection may say nothing; after it the server hangs up without a word.
    `write_timeout_s`: how long a client may refuse to take the next 64 KiB of its response; after it the server
    hangs up. A long response to a slow reader may take longer.

    A request that cannot be framed is answered with the error's own status (400, 413, 431, …) and the
    connection closes, since nobody knows where the next request would start. A handler that raises, or
    returns what cannot be sent, is answered with 500, and the exception goes to the loop's exception handler.
    A handler that is still at work when the server stops is cancelled. `Expect: 100-continue` is answered with
    100 when the request's turn has come and none of its body has; what else is expected is 417 (RFC 9110 §10.1.1).

    `handler_cancellation`: when to cancel a handler whose client has left, `Leaving.RESET` or `Leaving.HANG_UP`
    (as aiohttp's option of that name does); None lets it end its work, which suits work that must not stop in
    the middle. A handler hears of it as `asyncio.CancelledError`, and may clean up, or finish under a shield.
    `max_connections`: further ones are closed at once.
    """

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests = Requests(reader, writer, limits, request_timeout_s, idle_timeout_s)
        is_last = False
        while not is_last:
            try:
                request = await requests.next()
            except TimeoutError:
                data, is_last = _refusal(408, "the request did not come to its end in time")
            except Truncated:
                return  # RFC 9112 §8 would allow a 400; who hung up in mid-request hardly reads it: no word
            except FramingError as error:
                data, is_last = _refusal(error.status, str(error))
            else:
                if request is None:
                    return
                data, is_last = await handle(request, writer)
            await _send(writer, data, write_timeout_s)
            await requests.let_others()

    async def handle(request: Request, writer: asyncio.StreamWriter) -> tuple[bytes, bool]:
        if handler_cancellation is None:
            return await execute(handler, request, answer)
        work = asyncio.create_task(execute(handler, request, answer))
        with when_client_leaves(writer, handler_cancellation, work.cancel):
            return await work

    return await listen(converse, host, port, open_to_the_network=open_to_the_network, max_connections=max_connections)


async def execute(handler: Handler, request: Request, translate: Callable[[Request, Response], T]) -> T:
    """What the handler answers, translated for the wire; if either fails, a 500, and the error is reported."""
    try:
        return translate(request, await handler(request))
    except Exception as error:
        context = {"message": f"the handler failed on {request.method} {request.target}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        why = b"the handler failed; the server's own log has the reason\n"
        return translate(request, Response(500, headers=_TEXT, body=why))


def answer(request: Request, response: Response) -> tuple[bytes, bool]:
    """The bytes of a response, and whether it is the connection's last; `FramingError` if it cannot be sent."""
    is_to_head = request.method == "HEAD"
    if response.status < 200:
        raise BadStartLine(
            "a final status from a handler, 200 or more", str(response.status), "leave 1xx to the server"
        )
    length = response.header("Content-Length", "0")
    if length != "0" and not (response.body or is_to_head or response.never_has_a_body):
        raise BadLength(f"a body of {length} bytes, as Content-Length says", "none", "leave the header to the server")
    response = replace(response, version="HTTP/1.1")
    is_last = not (request.keep_alive and response.keep_alive)
    if is_last and response.keep_alive:
        response = replace(response, headers=(*response.headers, _CLOSE))
    whole = encode(response)
    return whole[: whole.index(b"\r\n\r\n") + 4] if is_to_head else whole, is_last


def _refusal(status: int, why: str) -> tuple[bytes, bool]:
    return encode(Response(status, headers=(*_TEXT, _CLOSE), body=f"{why}\n".encode())), True


_TEXT = (("Content-Type", "text/plain; charset=utf-8"),)
_CLOSE = ("Connection", "close")


async def _send(writer: asyncio.StreamWriter, data: bytes, timeout_s: float) -> None:
    for start in range(0, len(data), PIECE_BYTES):
        if start:
            await asyncio.sleep(0)  # as long as the client takes it, drain() lets nobody else run
        writer.write(data[start : start + PIECE_BYTES])
        try:
            async with asyncio.timeout(timeout_s):
                await writer.drain()
        except TimeoutError:
            writer.transport.abort()  # it does not read: no word would reach it
            raise ConnectionAbortedError("the client did not read its response in time") from None
