"""The relay: listens in front of a server, and makes a pair of every connection."""

import asyncio
from collections.abc import Mapping
from typing import Self

from patterns.wire.listen import Address, bind, stop_accepting
from patterns.wire.tap.broken import BrokenWatch
from patterns.wire.tap.end import End
from patterns.wire.tap.framings import Framing
from patterns.wire.tap.http1 import HTTP
from patterns.wire.tap.link import Link
from patterns.wire.tap.pair import Pair
from patterns.wire.tap.record import Direction
from patterns.wire.tap.traffic import Traffic

READ_BYTES = 1 << 18  # the most that is read, and so recorded, at a time


async def tap(
    target: Address,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    delay_s: float = 0.0,
    jitter_s: float = 0.0,
    bytes_per_s: float | None = None,
    cut_after_bytes: int | Mapping[Direction, int] | None = None,
    half_close_after_bytes: int | Mapping[Direction, int] | None = None,
    cut_mean_bytes: float | None = None,
    idle_cut_s: float | None = None,
    corrupt_every: int | None = None,
    blackhole: bool = False,
    seed: int = 0,
    open_to_the_network: bool = False,
    limit_bytes: int = 64 << 20,
    framing: Framing = HTTP,
) -> "Tap":
    """Listen on `host`:`port` (0: the system chooses), relay to `target`, and record what goes by.

    How the path behaves is said by the fields of `Link`, and may be changed later: `path.link.delay_s = 0.1`.
    limit_bytes: how much memory the records may take before the oldest are dropped.
    framing: how `traffic.messages()` finds messages in the bytes: HTTP, FRAMES, LINES, WEBSOCKET or your own.
    """
    link = Link(
        delay_s=delay_s,
        jitter_s=jitter_s,
        bytes_per_s=bytes_per_s,
        cut_after_bytes=cut_after_bytes,
        half_close_after_bytes=half_close_after_bytes,
        cut_mean_bytes=cut_mean_bytes,
        idle_cut_s=idle_cut_s,
        corrupt_every=corrupt_every,
        blackhole=blackhole,
        seed=seed,
    )
    path = Tap(Address(*target), link, Traffic(limit_bytes=limit_bytes, framing=framing))
    await path.start(host, port, open_to_the_network=open_to_the_network)
    return path


class Tap:
    """A running tap: connect to `address` in place of `target`, and look at `traffic`."""

    address: Address
    _server: asyncio.Server

    def __init__(self, target: Address, link: Link, traffic: Traffic) -> None:
        self.target = target
        self.link = link
        self.traffic = traffic
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._broken = BrokenWatch()
        self._pairs: dict[Pair, None] = {}  # in the order in which they came, so that they end in it too
        self._count = 0
        self._some_gone = asyncio.Event()
        self._stopping = False
        self._change_is_near = False

    @property
    def connections(self) -> int:
        """How many connections are open now, or being closed."""
        return len(self._pairs)

    async def start(self, host: str, port: int, *, open_to_the_network: bool) -> None:
        """Begin to listen; `tap` has done so."""
        self._loop = asyncio.get_running_loop()
        self._server, self.address = await bind(self._accept, host, port, open_to_the_network=open_to_the_network)
        self.link.watchers.append(self._changed)

    def cut(self) -> int:
        """Reset every connection now, both sides; what was under way is lost. Returns how many."""
        pairs = [pair for pair in self._pairs if not pair.over]
        for pair in pairs:
            pair.cut()
        return len(pairs)

    async def stop(self) -> None:
        """Stop accepting, close every connection at once, and wait until nothing is left."""
        self._stopping = True
        if self._changed in self.link.watchers:
            self.link.watchers.remove(self._changed)
        try:
            await stop_accepting(self._server)
        finally:  # interrupted, it does not wait, but everything ends all the same
            for pair in tuple(self._pairs):
                pair.abort()
        while self._pairs:
            self._some_gone.clear()
            await self._some_gone.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __repr__(self) -> str:
        return f"<Tap on {self.address}, before {self.target}, {self.connections} connections>"

    def _accept(self) -> End:
        self._count += 1
        pair = Pair(self._count, self.target, self.link, self.traffic, self._buffer, self._broken, self._gone)
        self._pairs[pair] = None
        return pair.client

    def _gone(self, pair: Pair) -> None:
        if pair.is_gone:
            self._pairs.pop(pair, None)
            self._some_gone.set()

    def _changed(self) -> None:
        """The link was changed, perhaps by another thread (a slider's callback): tell every pair, soon."""
        if not self._change_is_near:
            self._change_is_near = True
            self._loop.call_soon_threadsafe(self._proceed)

    def _proceed(self) -> None:
        self._change_is_near = False
        for pair in tuple(self._pairs):
            pair.proceed()
