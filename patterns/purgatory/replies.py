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
from typing import TYPE_CHECKING, Union

from patterns.wire.kafka import ApiKey, Request, Struct, encode_response

if TYPE_CHECKING:
    from patterns.purgatory.connection import Connection

SLICE_ANSWERS = 128  # sent in one turn of the loop: some milliseconds
SLICE_BYTES = 1 << 20
_HEAD = struct.Struct(">ii")

Encoded = Callable[[], bytes]
"""Makes an answer's bytes behind its correlation id, when they are sent."""

Message = Union[Struct, Encoded, None]  # noqa: UP007  a Struct's class cannot be put together by | with a Callable


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
        self.api_key = ApiKey(request.api_key)
        self.api_version = request.api_version
        self.correlation_id = request.correlation_id
        self.number = number

    def __call__(self, message: Message) -> None:
        """Send it; from any thread."""
        self.connection.network.responses.put(self, message)

    def frame(self, message: Struct | Encoded) -> bytes:
        """The whole response as bytes."""
        if isinstance(message, Struct):
            return encode_response(message, self.api_version, self.correlation_id)
        body = message()
        return _HEAD.pack(4 + len(body), self.correlation_id) + body

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
        step = reply.connection.network.step
        if step is not None:
            step("answered", reply)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._call(self._send)

    def _send(self) -> None:
        # Looked at again after this: what is put meanwhile, by another thread, makes another call.
        self._is_scheduled = False
        sent_bytes = 0
        for _ in range(SLICE_ANSWERS):
            if not self._queue:
                return
            reply, message = self._queue.popleft()
            sent_bytes += reply.connection.send(reply, message)
            if sent_bytes > SLICE_BYTES:
                break
        if self._queue and not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_soon(self._send)
