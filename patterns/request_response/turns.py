"""A protocol is given what its connection brings in small pieces, one in each turn of the loop.

The problem: asyncio hands over up to 256 KB in one go, and aiohttp parses all of it before anybody else's turn: 20,000
chunks of one byte hold all others up for 10 to 20 ms.
The bargain: a body of a megabyte takes 16 ms in place of 2, in turns. To read less from the socket would be shorter to
write, but what lies unread when the server hangs up makes a reset of it, which may overtake the last answer.
"""

import asyncio
from typing import Any

PIECE_BYTES = 512  # in chunks of one byte, the worst there is, some 0.2 ms of parsing
UNREAD_BYTES = 262_144  # as much as asyncio itself hands over; with so much unread, no more is read


class TakesTurns(asyncio.Protocol):
    """What a server accepts a connection with, in place of `protocol`, which sees the same calls in the same order."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self._transport: Any = None
        self._unread = bytearray()
        self._has_ended = False  # by the client, behind what is unread
        self._is_paused = False  # by the protocol
        self._turn: asyncio.Handle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The protocol gets a transport that heeds what is still unread."""
        self._transport = transport
        self._protocol.connection_made(_Transport(transport, self))  # type: ignore[arg-type]  # by its methods

    def data_received(self, data: bytes) -> None:
        """The first piece goes on at once."""
        self._unread += data
        if self._turn is None:
            self._give()

    def eof_received(self) -> bool | None:
        """Behind all data: the connection stays open until what is unread is read."""
        if not self._unread:
            return self._protocol.eof_received()
        self._has_ended = True
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone; what is unread would be answered to nobody."""
        self._unread.clear()
        if self._turn is not None:
            self._turn.cancel()
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """As it comes."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """As it comes."""
        self._protocol.resume_writing()

    def pause(self) -> None:
        """The protocol wants no more for now."""
        self._is_paused = True
        self._transport.pause_reading()

    def resume(self) -> None:
        """The protocol wants more."""
        self._is_paused = False
        self._go_on()

    def _give(self) -> None:
        self._turn = None
        if self._transport.is_closing():
            self._unread.clear()
        elif not self._is_paused and self._unread:
            piece = bytes(self._unread[:PIECE_BYTES])
            del self._unread[:PIECE_BYTES]
            self._protocol.data_received(piece)
        self._go_on()

    def _go_on(self) -> None:
        if self._is_paused:
            return
        if len(self._unread) > UNREAD_BYTES:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()
        if self._unread:
            if self._turn is None:
                self._turn = asyncio.get_running_loop().call_soon(self._give)
        elif self._has_ended:
            self._has_ended = False
            if not self._protocol.eof_received():
                self._transport.close()


class _Transport:
    """The real one, but for what is asked of its reading."""

    def __init__(self, transport: asyncio.BaseTransport, turns: TakesTurns) -> None:
        self._real = transport
        self.pause_reading = turns.pause
        self.resume_reading = turns.resume

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
