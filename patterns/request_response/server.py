"""The server: read bytes until they are a request, hand it to a handler, write the response; again.

The problem: bytes come in pieces that know nothing of requests, and clients are slow, broken or gone.
The assumption: a handler needs the whole request and makes the whole response, so the loop below is
all there is between a socket and a function `Request → Response`.
The bargain: one request at a time on a connection. What a client sends in advance (pipelining) waits
in the buffer, so responses keep the order of the requests (RFC 9112 §9.3.2), and a slow handler holds
up only those who stand behind it on the same connection.

`serve` is the server on raw streams, `serve_aiohttp` the same handler on aiohttp: other bytes in the
head, the same exchange.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from aiohttp import web

from patterns.wire.framing import (
    BadLength,
    BadStartLine,
    Data,
    End,
    Event,
    FramingError,
    Head,
    Limits,
    Request,
    RequestParser,
    Response,
    State,
    Truncated,
    encode,
)
from patterns.wire.listen import Address, Listening, Server, bind, listen, stop_accepting

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
    100 when the request's turn has come and none of its body has (RFC 9110 §10.1.1).
    """

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests = _Requests(reader, writer, limits, request_timeout_s, idle_timeout_s)
        is_last = False
        while not is_last:
            try:
                request = await requests.next()
            except TimeoutError:
                answer, is_last = _refusal(408, "the request did not come to its end in time")
            except Truncated:
                return  # RFC 9112 §8 would allow a 400; who hung up in mid-request hardly reads it: no word
            except FramingError as error:
                answer, is_last = _refusal(error.status, str(error))
            else:
                if request is None:
                    return
                answer, is_last = await _execute(handler, request, _answer)
            await _send(writer, answer, write_timeout_s)

    return await listen(converse, host, port, open_to_the_network=open_to_the_network)


class _Requests:
    """The requests of one connection, in their order."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: Limits | None,
        request_timeout_s: float,
        idle_timeout_s: float,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._request_timeout_s, self._idle_timeout_s = request_timeout_s, idle_timeout_s
        self._parser = RequestParser(limits)
        self._events: deque[Event] = deque()
        self._head: Request | None = None
        self._body = bytearray()
        self._is_invited = False

    async def next(self) -> Request | None:
        """The next request, whole; None when the client hangs up between requests, or says nothing.

        Raises `TimeoutError` if it begins and does not end in time, `FramingError` if it is no request.
        """
        now = asyncio.get_running_loop().time
        idle_until, begun_until = now() + self._idle_timeout_s, None
        while (request := self._whole()) is None and self._parser.state is not State.CLOSED:
            self._invite()
            # An empty line in front of a request (RFC 9112 §2.2) is taken, and does not begin it.
            if self._parser.state is State.START_LINE and not self._parser.pending_bytes:
                begun_until = None
            elif begun_until is None:
                begun_until = now() + self._request_timeout_s
            try:
                async with asyncio.timeout_at(idle_until if begun_until is None else begun_until):
                    await self._read()
            except TimeoutError:
                if begun_until is None:
                    return None  # nothing was asked, so nothing is owed
                raise
        return request

    async def _read(self) -> None:
        if self._parser.state is State.FAILED:  # what came behind good requests was not one
            data = b""
        else:
            data = await self._reader.read(PIECE_BYTES)
        self._events += self._parser.feed(data) if data else self._parser.feed_eof()

    def _whole(self) -> Request | None:
        while self._events:
            match self._events.popleft():
                case Head(message=Request() as head):
                    self._head, self._body, self._is_invited = head, bytearray(), False
                case Data(data=data):
                    self._body += data
                case End() if self._head is not None:
                    request, self._head = replace(self._head, body=bytes(self._body)), None
                    return request
        return None

    def _invite(self) -> None:
        """Answer `Expect: 100-continue` while nothing of the body has come (RFC 9110 §10.1.1)."""
        head, parser = self._head, self._parser
        if head is None or self._is_invited or head.version == "HTTP/1.0":
            return
        has_no_body_yet = parser.state in {State.BODY, State.CHUNK_SIZE} and not self._body and not parser.pending_bytes
        if has_no_body_yet and "100-continue" in (wish.lower() for wish in head.all("Expect")):
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._is_invited = True


async def _execute(handler: Handler, request: Request, translate: Callable[[Request, Response], T]) -> T:
    """What the handler answers, translated for the wire; if either fails, a 500, and the error is reported."""
    try:
        return translate(request, await handler(request))
    except Exception as error:
        context = {"message": f"the handler failed on {request.method} {request.target}", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)
        why = b"the handler failed; the server's own log has the reason\n"
        return translate(request, Response(500, headers=_TEXT, body=why))


def _answer(request: Request, response: Response) -> tuple[bytes, bool]:
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
        writer.write(data[start : start + PIECE_BYTES])
        try:
            async with asyncio.timeout(timeout_s):
                await writer.drain()
        except TimeoutError:
            writer.transport.abort()  # it does not read: no word would reach it
            raise ConnectionAbortedError("the client did not read its response in time") from None


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
        return await _execute(handler, ours, _for_aiohttp)

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
        assert runner.server is not None  # it is set up
        accepting, address = await bind(runner.server, host, port, open_to_the_network=open_to_the_network)
    except BaseException:
        await runner.cleanup()
        raise
    return AiohttpServer(runner, accepting, address)


def _for_aiohttp(request: Request, response: Response) -> web.Response:
    _answer(request, response)  # what cannot be sent is refused here as there
    headers = [pair for pair in response.headers if pair[0].lower() != "transfer-encoding"]  # it frames by itself
    return web.Response(status=response.status, reason=response.reason, headers=headers, body=response.body)
