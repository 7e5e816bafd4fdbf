"""An end: one of the two sockets of a connection through the tap.

A reset is made as the kernel makes it: closed with SO_LINGER at 0 s, a socket sends RST in place of FIN
(socket(7)), and forgets what it has not sent. So a reset that must not overtake the bytes before it waits
until the kernel has sent them: until `full` is over, and then until nothing lies unsent because the
receiver's window is closed (SIOCOUTQNSD, tcp(7)). Where the system cannot be asked, the second wait is left
out, and a receiver that has not read for megabytes loses some.

A reset that comes after a FIN is noticed when it comes on Linux (see `broken`), elsewhere at the next write.
"""

import asyncio
import fcntl
import os
import socket
import struct
import sys
from typing import Protocol

from patterns.wire.tap.broken import BrokenWatch
from patterns.wire.tap.record import Direction, Kind

LINGER_NOT = struct.pack("ii", 1, 0)  # struct linger: on, 0 s
SIOCOUTQNSD = 0x894B  # linux/sockios.h: how many bytes are in the send queue and not sent


class Owner(Protocol):
    """Who is told what happens at an end."""

    def opened(self, end: "End") -> None:
        """It is connected."""

    def came(self, way: Direction, kind: Kind, data: bytes = b"") -> None:
        """It has sent something."""

    def emptied(self, end: "End") -> None:
        """It takes more."""

    def lost(self, end: "End") -> None:
        """Its socket is closed."""


class End(asyncio.BufferedProtocol):
    """One of the two sockets; `out` is the direction that its bytes take.

    buffer: what the kernel reads into. One serves all ends of a loop, because the bytes are copied before
    the next read; without it asyncio allocates 256 KiB for every read of 100 bytes.
    broken: what tells of a reset when nobody reads any more.
    """

    transport: asyncio.Transport | None = None

    def __init__(self, owner: Owner, out: Direction, buffer: memoryview, broken: BrokenWatch) -> None:
        self.owner = owner
        self.out = out
        self._buffer = buffer
        self._broken = broken
        self.full = False  # bytes wait for the receiver
        self.has_ended = False  # it will send no more
        self.lost = False
        self._is_read = True
        self._waits_to_reset = False
        self._watched: int | None = None  # a descriptor of the same socket, while the kernel is waited for

    @property
    def takes(self) -> bool:
        """Whether something can be handed to it now."""
        return self.transport is not None and not self.full and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is connected; from here on `full` means that the kernel has not taken everything."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=0)
        self.owner.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        self.owner.came(self.out, Kind.DATA, bytes(self._buffer[:nbytes]))

    def eof_received(self) -> bool:
        """FIN came. True: it is half-closed, the other direction goes on."""
        self.has_ended = True
        if self.transport is not None:
            self._broken.add(self.transport.get_extra_info("socket"), self.abort)
        self.owner.came(self.out, Kind.EOF)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """It was reset, or we have closed it."""
        self.lost = self.has_ended = True
        self._watch_kernel(False)
        if self.transport is not None:
            self._broken.remove(self.transport.get_extra_info("socket"))
        self.owner.lost(self)

    def pause_writing(self) -> None:
        """The kernel takes no more."""
        self.full = True

    def resume_writing(self) -> None:
        """The kernel has taken everything."""
        self.full = False
        if self._waits_to_reset:
            self.reset(after_the_rest=True)
        else:
            self.owner.emptied(self)

    def flow(self, on: bool) -> None:
        """Read from it, or leave what it sends in the kernel, which then slows the sender down."""
        if self.transport is not None and not self.has_ended and on is not self._is_read:
            self._is_read = on
            if on:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    def close(self) -> None:
        """Send what is left, then FIN."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close at once, whatever is left."""
        if self.transport is not None:
            self.transport.abort()

    def reset(self, *, after_the_rest: bool = False) -> None:
        """Send RST, and before it what was written, or not."""
        if self.transport is None or self.lost:
            return
        own: socket.socket = self.transport.get_extra_info("socket")
        if after_the_rest and not self.transport.is_closing():
            self._waits_to_reset = True
            if self.full or self._watch_kernel(_unsent_bytes(own) > 0):
                return
        self._waits_to_reset = False
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self.transport.abort()

    def _watch_kernel(self, on: bool) -> bool:
        """Try to reset again when the kernel has sent everything, or stop waiting for that.

        With TCP_NOTSENT_LOWAT at 1, writable means that nothing is unsent. asyncio lets nobody else watch a
        transport's descriptor, so a second one for the same socket is watched.
        """
        loop = asyncio.get_running_loop()
        if on and self._watched is None:
            assert self.transport is not None
            own: socket.socket = self.transport.get_extra_info("socket")
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 1)
            self._watched = os.dup(own.fileno())
            loop.add_writer(self._watched, lambda: self.reset(after_the_rest=True))
        elif not on and self._watched is not None:
            loop.remove_writer(self._watched)
            os.close(self._watched)
            self._watched = None
        return on


def _unsent_bytes(own: socket.socket) -> int:
    if sys.platform != "linux":
        return 0
    (count,) = struct.unpack("i", fcntl.ioctl(own.fileno(), SIOCOUTQNSD, bytes(4)))
    return int(count)
