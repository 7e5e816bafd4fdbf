"""The way back: whoever has an answer puts it into one queue, and the network loop sends it when it gets to it.

The problem: an answer comes from a handler, from whoever appended something, or from the reaper, perhaps on another
thread, and ten thousand of them may come in one moment. The assumption: only the network loop touches sockets.
The bargain: to answer is to put something into a queue, which takes no time and needs no lock; the answer is made and
written later, in slices, between which the loop does its other work. What is put there may be the answer, or what
makes it: then it is read from the log at the last moment, and what is the same for many is encoded once.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from patterns.wire.kafka import ApiKey, Request, Struct, encode_response

if TYPE_CHECKING:
    from patterns.purgatory.connection import Connection

SLICE_ANSWERS = 256  # sent in one turn of the loop: two milliseconds, or three
SLICE_BYTES = 1 << 20
_HEAD = struct.Struct(">ii")
API_KEYS = {int(key): key for key in ApiKey}  # ApiKey(1) takes several times as long


class Encoded(Protocol):
    """Makes an answer when it is sent; the same object for many who get the same."""

    def encoded(self) -> bytes:
        """The answer's bytes behind the correlation id."""


Message = Struct | Encoded | None

Answer = Callable[[Message], None]
"""Given to a handler with a request: to be called once, now or later, from any thread.

None: nothing is sent, and the connection's next request is read.
"""

ApiHandler = Callable[[Request, "Reply", int], object]
"""What answers one api: given a request, its `Answer`, and the time in ms. It never waits: what cannot be answered now
it parks. `HangUp` closes the connection without an answer; any other error is reported, and does the same.
"""


class HangUp(Exception):
    """The protocol has no answer to this: close the connection."""


class Reply:
    """Where one request's answer goes; an `Answer`. `number` counts all requests of the broker."""

    __slots__ = ("api_key", "api_version", "connection", "correlation_id", "number")

    def __init__(self, connection: Connection, request: Request, number: int) -> None:
        self.connection = connection
        self.api_key = API_KEYS[request.api_key]
        self.api_version = request.api_version
        self.correlation_id = request.correlation_id
        self.number = number

    def __call__(self, message: Message) -> None:
        """Send it; from any thread."""
        network = self.connection.network
        network.responses.put(self, message)
        if network.step is not None:
            network.step("answered", self)

    def __repr__(self) -> str:
        return f"<Reply to {self.api_key.name}, request {self.number} of connection {self.connection.number}>"


class ResponseQueue:
    """Answers to be sent, the oldest first. `put` from any thread; they are sent on the loop.

    threads: whether it is put to from other threads than the loop's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, threads: bool) -> None:
        self._loop = loop
        self._call = loop.call_soon_threadsafe if threads else loop.call_soon
        self._queue: deque[tuple[Reply, Message]] = deque()
        self._is_scheduled = False

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def contents(self) -> tuple[Reply, ...]:
        """Whose answers wait to be sent."""
        return tuple(reply for reply, _ in tuple(self._queue))

    def put(self, reply: Reply, message: Message) -> None:
        """Send this as soon as the loop gets to it."""
        self._queue.append((reply, message))
        if not self._is_scheduled:
            self._is_scheduled = True
            self._call(self._send)

    def _send(self) -> None:
        # Looked at again after this: what is put meanwhile, by another thread, makes another call.
        self._is_scheduled = False
        sent_bytes = 0
        made: Message = None  # what the last answer was made by; many have the same, and nothing changes meanwhile
        body = b""
        for _ in range(SLICE_ANSWERS):
            if not self._queue:
                return
            reply, message = self._queue.popleft()
            connection = reply.connection
            if connection.inside is not reply:  # it has gone, or its answer came before
                if connection.network.step is not None:
                    connection.network.step("dropped", reply)
                continue
            if message is None:
                connection.send(None)
                continue
            try:
                if isinstance(message, Struct):
                    frame = encode_response(message, reply.api_version, reply.correlation_id)
                else:
                    if message is not made:
                        made, body = message, message.encoded()
                    frame = _HEAD.pack(4 + len(body), reply.correlation_id) + body
            except Exception as error:
                connection.network.report(f"the answer for {reply} could not be made", error)
                connection.abort()
                continue
            connection.send(frame)
            sent_bytes += len(frame)
            if sent_bytes > SLICE_BYTES:
                break
        if self._queue and not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._send)
