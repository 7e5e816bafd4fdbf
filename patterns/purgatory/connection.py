"""The network's side: connections that are muted while a request of theirs is inside.

The problem: a client may send its next request before it has the answer to the last, and expects its answers in
that order. The assumption: whoever wants to be served in parallel opens several connections.
The bargain: of each connection at most one request is inside the broker. So the answers keep their order without
anyone having to sort them, and a client cannot fill the queue alone; in exchange what a client sends behind a parked
fetch waits as long as the fetch does (head-of-line blocking).

A connection that is muted is still listened to, so that it is seen to hang up; what comes instead is kept, once, and
then it is not read any more. What stands in for its parked request stays where it is parked (nobody looks for it)
until there is data or its time is over; its answer is then thrown away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from patterns.purgatory.replies import Reply, ResponseQueue
from patterns.purgatory.requests import RequestQueue
from patterns.wire.kafka import KafkaError, RequestReader, Versions

READ_BYTES = 1 << 16
MOST_READERS = 64  # kept for the next who need one
LOOKS = 10  # for one idle time: so many times is looked who has been quiet

OnStep = Callable[..., object]
"""`on_step(what, reply)`, or `on_step("refused", connection, error)`: what has just been done, for whoever watches.

what: "read", "queued", "taken", "parked", "completed", "expired", "answered" (its answer is in the response queue),
"sent"; "dropped" in place of "sent" if its client has gone.
"""


class Network:
    """What all connections share: the two queues, a buffer to read into, and who is there.

    served: the versions of each api. idle_s: how long a connection may be quiet, or not take its answer.
    """

    def __init__(
        self,
        requests: RequestQueue,
        responses: ResponseQueue,
        served: Mapping[int, Versions],
        *,
        max_request_bytes: int,
        idle_s: float,
    ) -> None:
        self.requests = requests
        self.responses = responses
        self.served = served
        self.max_request_bytes = max_request_bytes
        self.idle_s = idle_s
        self.connections: dict[Connection, None] = {}
        self.step: OnStep | None = None
        self.asked = 0
        self.came = 0
        self.buffer = memoryview(bytearray(READ_BYTES))
        self.is_stopping = False
        self._loop = asyncio.get_running_loop()
        self._readers: list[RequestReader] = []
        self._look: asyncio.TimerHandle | None = None
        self._gone = asyncio.Event()

    def tell(self, on_step: OnStep | None) -> None:
        """Have it told of each step, or nobody; its errors are its own affair, and are reported."""

        def step(what: str, *who: object) -> None:
            try:
                assert on_step is not None
                on_step(what, *who)
            except Exception as error:
                self.report(f"on_step failed at {what!r}", error)

        self.step = None if on_step is None else step

    def lend_reader(self) -> RequestReader:
        """A reader with nothing in it: most connections have none, as they are between requests, or wait."""
        return self._readers.pop() if self._readers else RequestReader(self.served, self.max_request_bytes)

    def take_back(self, reader: RequestReader) -> None:
        """It has nothing in it again."""
        if len(self._readers) < MOST_READERS:
            self._readers.append(reader)

    def enter(self, connection: Connection) -> int:
        """Count a connection in; its number."""
        self.connections[connection] = None
        self.came += 1
        if self._look is None:
            self._look = self._loop.call_later(self.idle_s / LOOKS, self._look_round)
        return self.came

    def leave(self, connection: Connection) -> None:
        """Count it out."""
        self.connections.pop(connection, None)
        self._gone.set()

    def report(self, what: str, error: BaseException) -> None:
        """Tell the loop's exception handler; from any thread."""
        self._loop.call_soon_threadsafe(
            self._loop.call_exception_handler, {"message": f"the broker: {what}", "exception": error}
        )

    async def stop(self) -> None:
        """Close all connections, and wait until they are closed."""
        self.is_stopping = True
        if self._look is not None:
            self._look.cancel()
            self._look = None
        for connection in tuple(self.connections):
            connection.abort()
        while self.connections:
            self._gone.clear()
            await self._gone.wait()

    def _look_round(self) -> None:
        for connection in tuple(self.connections):
            connection.look()
        self._look = self._loop.call_later(self.idle_s / LOOKS, self._look_round) if self.connections else None


class Connection(asyncio.BufferedProtocol):
    """One connection. `inside`: where the answer to its request goes, while that is in the broker."""

    __slots__ = ("_is_paused", "_is_sending", "_quiet", "_reader", "_transport", "inside", "network", "number")

    def __init__(self, network: Network) -> None:
        self.network = network
        self.number = 0
        self.inside: Reply | None = None
        self._reader: RequestReader | None = None  # as long as there are bytes of a request that was not taken
        self._transport: asyncio.Transport
        self._is_paused = False  # it is not read
        self._is_sending = False  # its answer is not all with the system
        self._quiet = 0  # so many looks ago it was heard

    @property
    def is_muted(self) -> bool:
        """Whether a request of it is inside."""
        return self.inside is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection stands."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self.network.is_stopping:
            transport.abort()
            return
        self.number = self.network.enter(self)
        transport.set_write_buffer_limits(high=0)  # so that resume_writing means: all is with the system

    def eof_received(self) -> None:
        """asyncio: its client has hung up, or half-closed, which here is the same; asyncio closes it."""
        self.inside = None

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: it is closed."""
        self.inside = None
        self.network.leave(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """asyncio: where to read to."""
        return self.network.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """asyncio: so much came."""
        self._quiet = 0
        network = self.network
        if self._reader is None:
            self._reader = network.lend_reader()
        self._reader.receive(bytes(network.buffer[:nbytes]))
        if self.inside is None:
            self._take()
        else:
            self._pause()

    def pause_writing(self) -> None:
        """asyncio: an answer is not taken as fast as it was written."""
        self._is_sending = True

    def resume_writing(self) -> None:
        """asyncio: now it is."""
        self._is_sending = False
        self._sent()

    def send(self, frame: bytes | None) -> None:
        """Send the answer that it waits for; None: there is none. When it is sent, the next request is read."""
        if frame is not None:
            self._transport.write(frame)
        if not self._is_sending:
            self._sent()

    def hang_up(self, reply: Reply) -> None:
        """On the loop: close it, if that request is still inside."""
        if self.inside is reply:
            self._close()

    def abort(self) -> None:
        """Close it at once."""
        self.inside = None
        self._transport.abort()

    def look(self) -> None:
        """Close it if it was quiet all the time, or has not taken its answer; what is inside may take its time."""
        if self.inside is not None and not self._is_sending:
            return
        self._quiet += 1
        if self._quiet > LOOKS:
            self.abort()

    def _take(self) -> None:
        """Take the next request, if it is all there and there is room for it."""
        requests = self.network.requests
        if requests.has_room:
            self._next()
        else:
            self._pause()
            requests.wait(self._next)

    def _next(self) -> None:
        network, reader = self.network, self._reader
        if self._transport.is_closing() or reader is None:
            return
        try:
            request = reader.next_request()
        except KafkaError as error:
            if network.step is not None:
                network.step("refused", self, error)
            self._close()
            return
        if request is None:
            self._resume()
            return
        network.asked += 1
        self.inside = reply = Reply(self, request, network.asked)
        if reader.pending_bytes:
            self._pause()  # otherwise it would be seen to hang up before all that it sent was handled
        else:
            network.take_back(reader)
            self._reader = None
            self._resume()
        step = network.step
        if step is not None:
            step("read", reply)
        network.requests.put(request, reply)
        if step is not None:
            step("queued", reply)

    def _sent(self) -> None:
        reply, self.inside = self.inside, None
        if reply is None:  # its client hung up before it had taken all of its answer
            return
        step = self.network.step
        if step is not None:
            step("sent", reply)
        self._quiet = 0
        if self._reader is not None:
            self._take()

    def _close(self) -> None:
        """Close it; nobody waits for an answer any more."""
        self.inside = None
        self._transport.close()

    def _pause(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def __repr__(self) -> str:
        return f"<Connection {self.number}{', muted' if self.is_muted else ''}>"
