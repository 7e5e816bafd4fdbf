"""The subscribers: who is to be told, from which offset on, and how far each of them is behind.

A subscriber is first brought up to date from the log, at its own pace; from then on every event goes to its
outbox in the moment in which it is appended. Between the last look at the log and the watch on it nothing
is awaited, so no event falls between the two.
"""

import asyncio
import socket
from collections.abc import AsyncGenerator
from typing import Self

from patterns.push.outbox import Outbox, Overload
from patterns.wait.log import Event, Log
from patterns.wire.listen import Address, Server

TOGETHER = 64  # events handed to the socket at a time
BUFFER_EVENTS = 1000


class Subscribers:
    """Everyone who is subscribed to a log on one server. The counts are of all who ever were.

    unheard: how often one was given up because it said nothing, or took nothing, for too long.
    """

    def __init__(self, log: Log, overload: Overload | str, buffer_events: int) -> None:
        if buffer_events < 1:
            raise ValueError(f"expected buffer_events ≥ 1, got {buffer_events}; for no limit say overload='unbounded'")
        self.log = log
        self.overload = Overload(overload)
        self.buffer_events = buffer_events
        self.unheard = 0
        self._outboxes: list[Outbox] = []
        self._gone_dropped = 0
        self._gone_most = 0
        self._gone_cut_off = 0
        self._some_room = asyncio.Event()

    def __len__(self) -> int:
        """How many are up to date with the log, and told of each event at once."""
        return len(self._outboxes)

    @property
    def outboxes(self) -> tuple[Outbox, ...]:
        """Theirs, in the order in which they came."""
        return tuple(self._outboxes)

    @property
    def dropped(self) -> int:
        """How many events were dropped."""
        return self._gone_dropped + sum(outbox.dropped for outbox in self._outboxes)

    @property
    def cut_off(self) -> int:
        """How often a subscriber was cut off, because too many events waited for it."""
        return self._gone_cut_off + sum(outbox.is_cut_off for outbox in self._outboxes)

    @property
    def most_waiting(self) -> int:
        """How many events ever waited in one outbox."""
        return max([self._gone_most, *(outbox.most for outbox in self._outboxes)])

    async def publish(self, payload: bytes, time_s: float | None = None) -> Event:
        """Append to the log; under `Overload.WAIT` only when every subscriber has room.

        time_s: when it happened; by default when it is appended, by the loop's clock.
        """
        while self.overload is Overload.WAIT and any(outbox.is_full for outbox in self._outboxes):
            self._some_room.clear()
            await self._some_room.wait()  # who is woken looks again: another publisher may have been first
        return self.log.append(payload, asyncio.get_running_loop().time() if time_s is None else time_s)

    async def events(self, offset: int, transport: asyncio.WriteTransport) -> AsyncGenerator[list[Event], None]:
        """The events from `offset` on, as they come, some at a time, to be written to `transport`.

        Under `Overload.DISCONNECT` the transport is aborted when too many wait for it.
        """
        while events := self.log.read(offset, TOGETHER):
            offset += len(events)
            yield events
        outbox = Outbox(self.overload, self.buffer_events, cut=transport.abort, has_room=self._some_room.set)
        self._outboxes.append(outbox)
        unwatch = self.log.watch(outbox.put)
        try:
            while True:
                yield await outbox.take(TOGETHER)
        finally:
            unwatch()
            self._outboxes.remove(outbox)
            self._gone_dropped += outbox.dropped
            self._gone_most = max(self._gone_most, outbox.most)
            self._gone_cut_off += outbox.is_cut_off
            self._some_room.set()


def bound_buffers(transport: asyncio.WriteTransport, write_buffer_bytes: int, kernel_buffer_bytes: int | None) -> None:
    """Limit what may lie between `write` and the path, so that a slow reader is felt soon (back-pressure).

    write_buffer_bytes: in this process: when more waits, `drain` does. kernel_buffer_bytes: in the kernel, which by
    itself takes some megabytes; it doubles the number for its own needs (socket(7), SO_SNDBUF).
    """
    transport.set_write_buffer_limits(high=write_buffer_bytes)
    if kernel_buffer_bytes is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, kernel_buffer_bytes)


class PushServer:
    """A running server that pushes: `subscribers` tells how they fare, `publish` waits where that is the bargain."""

    def __init__(self, server: Server, subscribers: Subscribers) -> None:
        self._server = server
        self.subscribers = subscribers

    @property
    def address(self) -> Address:
        """Where it listens."""
        return self._server.address

    async def publish(self, payload: bytes, time_s: float | None = None) -> Event:
        """Append to the log, as `Subscribers.publish` does."""
        return await self.subscribers.publish(payload, time_s)

    async def stop(self) -> None:
        """Stop; every subscriber's connection is closed."""
        await self._server.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
