"""The requests of one connection, in their order, each whole, and each in its time.

The problem: a client may send half a request and fall silent, or a thousand in one write.
The assumption: only the request whose turn it is needs to be whole; what came behind it can wait as bytes.
The bargain: bytes are taken in small pieces, so that no piece takes long to parse and few parsed requests lie
about; parsed, a small request takes many times the memory of its bytes. Only what a body or a chunk is known to
lack, which needs no parsing, is taken in large ones, and nothing with it of what lies behind.
"""

import asyncio
from collections import deque
from dataclasses import replace

from patterns.wire.framing import Data, End, Event, FramingError, Head, Limits, Request, RequestParser, State
from patterns.wire.listen import waiting_bytes

PIECE_BYTES = 512  # in chunks of one byte, the worst there is, some 0.1 ms of parsing
BODY_PIECE_BYTES = 65_536


class UnknownExpectation(FramingError):
    """An Expect other than 100-continue (RFC 9110 §10.1.1)."""

    status = 417


class Requests:
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

    async def let_others(self) -> None:
        """Give the other connections a turn if more of this one's bytes wait: to take them would not."""
        if self._events or waiting_bytes(self._reader):
            await asyncio.sleep(0)

    async def _read(self) -> None:
        if self._parser.state is State.FAILED:  # what came behind good requests was not one
            data = b""
        else:
            await self.let_others()
            data = await self._reader.read(max(PIECE_BYTES, min(self._parser.remaining_bytes, BODY_PIECE_BYTES)))
        self._events += self._parser.feed(data) if data else self._parser.feed_eof()

    def _whole(self) -> Request | None:
        while self._events:
            match self._events.popleft():
                case Head(message=Request() as head):
                    self._head, self._body, self._is_invited = head, bytearray(), False
                    self._check_expectations(head)
                case Data(data=data):
                    self._body += data
                case End() if self._head is not None:
                    request, self._head = replace(self._head, body=bytes(self._body)), None
                    return request
        return None

    def _check_expectations(self, head: Request) -> None:
        if unknown := _expectations(head) - {"100-continue"}:
            got = ", ".join(repr(wish[:40]) for wish in sorted(unknown))
            raise UnknownExpectation("Expect: 100-continue, or no Expect", got, "leave it out")

    def _invite(self) -> None:
        """Answer `Expect: 100-continue` while nothing of the body has come (RFC 9110 §10.1.1)."""
        head, parser = self._head, self._parser
        if head is None or self._is_invited:
            return
        has_no_body_yet = parser.state in {State.BODY, State.CHUNK_SIZE} and not self._body and not parser.pending_bytes
        if has_no_body_yet and _expectations(head):
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._is_invited = True


def _expectations(head: Request) -> set[str]:
    return set() if head.version == "HTTP/1.0" else {wish.lower() for wish in head.all("Expect")}
