"""What the tap costs: against a direct connection, and against a relay that hands on and records nothing.

Everything is in one process and one loop, as in a notebook: client, tap and server share a core, so a ratio
says how much longer the whole takes, not how much of a core the tap alone uses. What a relay costs by being a
hop of its own (two sockets more, another wake-up of the loop) the second peer shows; what is left is the
price of recording, of the lanes, and of seeing who breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from bench.side_by_side import Row, in_turn
from patterns.wire.listen import Address, Listening, listen
from patterns.wire.tap import Direction, Kind, Record, Traffic, tap

REQUEST = b"GET /books/1 HTTP/1.1\r\nHost: books.example\r\nAccept: */*\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
PIECE = bytes(1 << 18)

Way = Callable[[Address], contextlib.AbstractAsyncContextManager[Address]]
"""What leads to a server: given its address, the address to connect to."""


class Onward(asyncio.Protocol):
    """One end of a relay as plain as can be: what comes is written to the other end."""

    def __init__(self, target: Address | None = None, other: Onward | None = None) -> None:
        self.target, self.other = target, other
        self.transport: asyncio.Transport | None = None
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.target is not None:
            self.connecting = asyncio.get_running_loop().create_task(self._connect(self.target))
        elif self.other is not None:
            transport.writelines(self.other.early)

    async def _connect(self, target: Address) -> None:
        self.other = other = Onward(other=self)
        await asyncio.get_running_loop().create_connection(lambda: other, *target)

    def data_received(self, data: bytes) -> None:
        if self.other is None or self.other.transport is None:
            self.early.append(data)
        else:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


@contextlib.asynccontextmanager
async def directly(server: Address) -> AsyncIterator[Address]:
    """No hop at all."""
    yield server


@contextlib.asynccontextmanager
async def through_the_tap(server: Address) -> AsyncIterator[Address]:
    """Our tap, as it comes."""
    async with await tap(server) as path:
        yield path.address


@contextlib.asynccontextmanager
async def through_a_relay(server: Address) -> AsyncIterator[Address]:
    """The relay that records nothing."""
    relay = await asyncio.get_running_loop().create_server(lambda: Onward(server), "127.0.0.1", 0)
    try:
        yield Address(*relay.sockets[0].getsockname()[:2])
    finally:
        relay.close()
        await asyncio.sleep(0.01)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server of one answer, on a connection that stays."""
    with contextlib.suppress(asyncio.IncompleteReadError):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(RESPONSE)


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes everything, and says so at the end."""
    while await reader.read(1 << 18):
        pass
    writer.write(b"!")


async def requests(address: Address, count: int) -> float:
    """Requests a second, one after the other on one connection."""
    reader, writer = await asyncio.open_connection(*address)
    started = time.perf_counter()
    for _ in range(count):
        writer.write(REQUEST)
        await reader.readexactly(len(RESPONSE))
    took = time.perf_counter() - started
    writer.close()
    await writer.wait_closed()
    return count / took


async def bulk(address: Address, pieces: int) -> float:
    """MB a second, one way."""
    reader, writer = await asyncio.open_connection(*address)
    started = time.perf_counter()
    for _ in range(pieces):
        writer.write(PIECE)
        await writer.drain()
    writer.write_eof()
    await reader.read()
    took = time.perf_counter() - started
    writer.close()
    await writer.wait_closed()
    return pieces * len(PIECE) / took / 1e6


async def set_up(address: Address, count: int) -> float:
    """Microseconds from connect() to the first answer on a connection of its own."""
    took = 0.0
    for _ in range(count):
        started = time.perf_counter()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(REQUEST)
        await reader.readexactly(len(RESPONSE))
        took += time.perf_counter() - started
        writer.close()
        await writer.wait_closed()
    return took / count * 1e6


def measure(
    way: Way,
    handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    client: Callable[[Address, int], Awaitable[float]],
    count: int,
) -> Callable[[], float]:
    """A run of `client` by that way, in a loop of its own."""

    async def run() -> float:
        server: Listening
        async with await listen(handler) as server, way(server.address) as address:
            return await client(address, count)

    return lambda: asyncio.run(run())


def conversation(exchanges: int) -> Iterator[Record]:
    """So many questions and answers, as a tap records them."""
    for number in range(exchanges):
        yield Record(float(number), 1, Direction.TO_SERVER, Kind.DATA, REQUEST, float(number))
        yield Record(number + 0.5, 1, Direction.TO_CLIENT, Kind.DATA, RESPONSE, float(number))


def looks(exchanges: int, number_of_looks: int, *, anew: bool) -> Callable[[], float]:
    """Milliseconds for so many looks at the messages while the traffic grows; anew: read from the start each time."""
    records = list(conversation(exchanges))
    step = max(1, len(records) // number_of_looks)

    def run() -> float:
        traffic = Traffic()
        took = 0.0
        for number, record in enumerate(records, 1):
            traffic.append(record)
            if number % step == 0:
                looked_at = traffic.since(0.0) if anew else traffic
                started = time.perf_counter()
                looked_at.messages()
                took += time.perf_counter() - started
        return took * 1000

    return run


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Each against the direct connection and against the relay; then reading on against reading anew."""
    rounds = max(1, round(5 * min(effort, 1)))
    cases = (
        ("requests one by one on a connection", "requests/s", "higher", answer, requests, 4000),
        ("bytes one way", "MB/s", "higher", swallow, bulk, 1600),
        ("a connection and its first answer", "µs", "lower", answer, set_up, 800),
    )
    for what, unit, better, handler, client, count in cases:
        count = max(2, round(count * effort))
        for peer, way in (("direct", directly), ("relay that records nothing", through_a_relay)):
            yield Row(
                what,
                "tap",
                peer,
                unit,
                **in_turn(
                    measure(through_the_tap, handler, client, count), measure(way, handler, client, count), rounds
                ),
                better=better,  # type: ignore[arg-type]  # one of the two words
            )
    exchanges = max(20, round(5000 * effort))
    yield Row(
        f"20 looks at the messages of {exchanges} growing exchanges",
        "read on",
        "read anew",
        "ms",
        **in_turn(looks(exchanges, 20, anew=False), looks(exchanges, 20, anew=True), rounds),
    )
