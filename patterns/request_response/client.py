"""The client: connect, send a request, read until the bytes are a response.

A response's end is found by the same framing that the server uses; nothing here guesses from a pause.
`ask` opens a connection for one question and closes it. `connect` keeps it: questions one after the
other, or all at once (`ask_all`, pipelining).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from patterns.wire.framing import Data, End, Event, Head, Request, Response, ResponseParser, State, Truncated, encode
from patterns.wire.listen import Address

PIECE_BYTES = 65_536


class Disconnected(ConnectionError):
    """The connection ended before the response did.

    `received` holds what had come of the body, `head` the response's head if that had come.
    """

    def __init__(self, request: Request, head: Response | None, received: bytes, why: str) -> None:
        super().__init__(
            f"expected the whole response to {request.method} {request.target}, got "
            f"{'no head' if head is None else f'its head and {len(received)} bytes of its body'} before {why}; "
            "ask again, or for the rest only where the server can resume"
        )
        self.head = head
        self.received = received


class Connection:
    """An open connection; `ask` one request, or `ask_all` at once. Made by `connect`.

    Nothing in a response says which question it answers; only its place in the order does. So a connection
    on which the order is no longer certain is given up: asking on it again raises `ConnectionError`.
    """

    def __init__(self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.address = address
        self._reader = reader
        self._writer = writer
        self._parser = ResponseParser()
        self._events: deque[Event] = deque()
        self._is_asking = False
        self._ended_by: str | None = None  # after which it carries no further question

    async def ask(self, request: Request, *, timeout_s: float | None = None) -> Response:
        """Send one request and wait for its response.

        Raises `TimeoutError` after `timeout_s` seconds, `Disconnected` when the connection ends first,
        `FramingError` when what comes is no response; each of them ends the connection, as does a
        `Connection: close` on either side. On an ended connection, and where bytes came that nobody asked
        for, it raises `ConnectionError`. A request that cannot be encoded is refused and ends nothing.
        """
        (response,) = await self.ask_all([request], timeout_s=timeout_s)
        return response

    async def ask_all(self, requests: Sequence[Request], *, timeout_s: float | None = None) -> list[Response]:
        """Send all requests before reading any response; responses come in the order of the requests."""
        encoded = [self._encode(request) for request in requests]
        if self._ended_by or self._is_asking:
            raise _unusable(f"one that ended with {self._ended_by}" if self._ended_by else "one with an open question")
        self._is_asking = True
        try:
            async with asyncio.timeout(timeout_s):
                await self._see_that_nothing_came()
                for request, data in zip(requests, encoded, strict=True):
                    self._parser.expect(request.method)
                    self._writer.write(data)
                return [await self._receive(request) for request in requests]
        except BaseException as error:  # a cancellation, too: the late response would answer the next question
            self._ended_by = repr(error)
            self._writer.transport.abort()
            raise
        finally:
            self._is_asking = False

    def _encode(self, request: Request) -> bytes:
        named = (("Host", str(self.address)), *request.headers)
        return encode(request if request.header("Host") else replace(request, headers=named))

    async def _see_that_nothing_came(self) -> None:
        """`ConnectionError` if bytes came unasked: they must not be taken for a response (RFC 9112 §9.2).

        Those still on their way cannot be seen.
        """
        unasked = b""
        await asyncio.sleep(0)  # the loop looks at the socket …
        await asyncio.sleep(0)  # … and hands over what it found
        with contextlib.suppress(TimeoutError, ConnectionError):  # nothing; or the end, which _receive() reports
            async with asyncio.timeout(0):
                unasked = await self._reader.read(PIECE_BYTES)
        is_between = self._parser.state in {State.START_LINE, State.CLOSED} and not self._parser.pending_bytes
        if unasked or self._events or not is_between:
            raise _unusable("one on which bytes came that answer no question")

    async def _receive(self, request: Request) -> Response:
        head: Response | None = None
        body = bytearray()
        if self._ended_by:
            raise Disconnected(request, None, b"", f"the connection ended with {self._ended_by}")
        try:
            while True:
                match await self._next_event():
                    case Head(message=Response() as head):
                        pass
                    case Data(data=data):
                        body += data
                    case End() if head is not None and head.status >= 200:
                        if not (request.keep_alive and head.keep_alive):  # RFC 9112 §9.6: the last of its kind
                            self._ended_by = f"Connection: close at {request.method} {request.target}"
                        return replace(head, body=bytes(body))
        except (Truncated, ConnectionError) as error:
            raise Disconnected(request, head, bytes(body), f"the connection ended ({error})") from error

    async def _next_event(self) -> Event:
        while not self._events:
            data = await self._reader.read(PIECE_BYTES)
            self._events.extend(self._parser.feed(data) if data else self._parser.feed_eof())
            if not data and not self._events:
                raise ConnectionResetError("the server closed it")
        return self._events.popleft()


def _unusable(got: str) -> ConnectionError:
    return ConnectionError(
        f"expected a connection on which the next response answers the next question, got {got}; "
        "open a new one with connect()"
    )


@contextlib.asynccontextmanager
async def connect(address: Address) -> AsyncIterator[Connection]:
    """Open a connection to `address` for as long as the block lasts; its end waits for nobody."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield Connection(address, reader, writer)
    finally:
        # What was asked is answered or given up. Bytes still unsent are of no use to anyone, and to wait until
        # they have gone, as close() does, takes for ever with a server that does not read.
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def ask(address: Address, request: Request, *, timeout_s: float | None = None) -> Response:
    """Connect, ask once, hang up: the smallest whole client.

    Raises `OSError` when nobody listens there, `TimeoutError` after `timeout_s` seconds, connecting
    included, and `Disconnected` when the connection ends before the response does.
    """
    async with asyncio.timeout(timeout_s), connect(address) as connection:
        return await connection.ask(replace(request, headers=(*request.headers, ("Connection", "close"))))
