"""Clients that ask and then wait, in child processes: thousands of connections, held."""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from patterns.cost.measure import percentile
from patterns.cost.process.child import Child, stop_all
from patterns.cost.process.errors import HasEnded, NotConnected, TookTooLong
from patterns.cost.process.fits import Fits, ephemeral_ports, raise_descriptor_limit, what_fits, what_ports_allow
from patterns.wire.listen import Address

T = TypeVar("T")

AnswerEnds = Literal["http", "close"] | int | bytes
"""Where an answer ends: as an HTTP/1.1 response does, when the server closes, after n bytes, with these bytes."""

BATCH = 128  # connections under way at once, far below any backlog
CONNECT_LIMIT_S = 60.0
REPLY_LIMIT_S = 15.0  # beyond what an order itself may take
OPEN_AT_START = 16  # descriptors of a process of clients before the first connection


@dataclass(frozen=True, slots=True)
class FanOut:
    """How one event reached those who waited for it; seconds after the event, of the last byte of each answer."""

    answers: int
    rate_per_s: float
    p50_s: float
    p90_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True, slots=True)
class Answers:
    """One entry a client that has its answer, times in seconds of `time.monotonic()`; `missing` have none."""

    sent_s: array[float]
    first_byte_s: array[float]
    last_byte_s: array[float]
    missing: int

    def fan_out(self, event_s: float) -> FanOut:
        """The answers to an event that happened at `event_s` of `time.monotonic()`.

        Raises:
            ValueError: there is no answer, or one that came before the event.
        """
        if not self.last_byte_s or min(self.first_byte_s) < event_s:
            raise ValueError(
                f"expected answers to an event at {event_s:.6f}, got "
                f"{f'one at {min(self.first_byte_s):.6f}' if self.last_byte_s else 'none'}; "
                "take time.monotonic() just before the event"
            )
        after = [moment - event_s for moment in self.last_byte_s]
        slowest = max(after)
        p50, p90, p99 = (percentile(after, q) for q in (50, 90, 99))
        return FanOut(len(after), len(after) / slowest, p50, p90, p99, slowest)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the clients stand: connected now; answers, failures and HTTP statuses counted since the start."""

    connected: int
    answered: int
    reconnected: int
    failed: dict[str, int]
    statuses: dict[str, int]


class Parked:
    """Clients in child processes; made by `parked`. `fits` says how many were wanted, and why fewer came."""

    def __init__(self, children: list[Child], fits: Fits) -> None:
        self._children = children
        self._turn = asyncio.Lock()  # one order at a time: replies carry no number
        self._broken_off = False
        self.fits = fits

    async def standing(self) -> Standing:
        """Ask all of them how they stand."""
        replies, _ = await self._order({"do": "standing"}, REPLY_LIMIT_S)
        return _sum(replies)

    async def answers(self, count: int | None = None, *, limit_s: float = 10.0) -> Answers:
        """Wait until `count` of the clients (all) have the answer to their last request, `limit_s` at most."""
        wanted = self.fits.n if count is None else count
        if not 0 <= wanted <= self.fits.n:
            raise ValueError(f"expected to wait for 0 to {self.fits.n} answers, got {wanted}")
        shares = _shares(wanted, len(self._children))
        orders = [{"do": "answers", "count": share, "limit_s": limit_s} for share in shares]
        _, times = await self._order(orders, limit_s + REPLY_LIMIT_S)
        return Answers(times[0::3], times[1::3], times[2::3], self.fits.n - len(times) // 3)

    async def send(self, request: bytes, *, over_s: float = 0.0) -> Standing:
        """Have every client that is connected send `request`; the answers so far are forgotten.

        over_s: spread evenly over so many seconds, as clients that share no clock would be; 0: all at once.
        """
        order = {"do": "again", "request": base64.b64encode(request).decode(), "over_s": over_s}
        replies, _ = await self._order(order, over_s + REPLY_LIMIT_S)
        return _sum(replies)

    async def _order(
        self, order: dict[str, Any] | list[dict[str, Any]], limit_s: float
    ) -> tuple[list[dict[str, Any]], array[float]]:
        orders = order if isinstance(order, list) else [order] * len(self._children)
        async with self._turn:
            if self._broken_off:
                raise HasEnded("an earlier order to these clients was broken off; leave the block and park anew")
            self._broken_off = True  # until every reply is read: half of one would be taken for the next
            both = await _all([_tell(child, one, limit_s) for child, one in zip(self._children, orders, strict=True)])
            self._broken_off = False
        times = array("d")
        for _, some in both:
            times.extend(some)
        return [said for said, _ in both], times


@asynccontextmanager
async def parked(
    address: Address | tuple[str, int],
    n: int,
    request: bytes = b"",
    *,
    processes: int = 1,
    addresses: Sequence[str] = (),
    answer_ends: AnswerEnds = "http",
    batch: int = BATCH,
    connect_limit_s: float = CONNECT_LIMIT_S,
) -> AsyncIterator[Parked]:
    """Connect `n` clients, each sends `request` once connected (nothing, if empty), and hold them in the block.

    They live in `processes` child processes and come from `addresses` in turn, such as 127.0.0.1, 127.0.0.2, …;
    none given, the system chooses. If not all fit, fewer are opened, and `.fits.why` says so. At the end of the
    block, or of this process, all of them are closed.

    Raises:
        NotConnected: fewer are connected after `connect_limit_s` than fit.
        ValueError: less than one process, or batch, or fewer than no client.
    """
    if processes < 1 or batch < 1:
        raise ValueError(f"expected at least one process and a batch of one, got {processes} and {batch}")
    fits = _fits(n, processes, max(1, len(addresses)))
    first = {
        "host": address[0],
        "port": address[1],
        "sources": list(addresses),
        "request": base64.b64encode(request).decode(),
        "ends": {"suffix": base64.b64encode(answer_ends).decode()} if isinstance(answer_ends, bytes) else answer_ends,
        "batch": max(1, batch // processes),
        "limit_s": connect_limit_s,
    }
    shares = _shares(fits.n, processes)
    children: list[Child] = []
    try:
        for number, share in enumerate(shares, 1):
            what = f"process {number} of {processes}, with {share} clients"
            child = await Child.start("-m", "patterns.cost.process.clients", what=what, imports_us=True)
            children.append(child)
        orders = [
            {**first, "n": share, "sources": _rotated(addresses, sum(shares[:k]))} for k, share in enumerate(shares)
        ]
        clients = Parked(children, fits)
        replies, _ = await clients._order(orders, connect_limit_s + REPLY_LIMIT_S)
        standing = _sum(replies)
        if standing.failed:
            raise NotConnected(_not_connected(Address(*address[:2]), fits.n, standing, addresses))
        yield clients
    finally:
        await stop_all(children)


def _fits(wanted: int, processes: int, addresses: int) -> Fits:
    """What fits in the descriptors of `processes` children, each at the limit that we can give it, and in the ports."""
    ports = what_ports_allow(wanted, addresses, ports=ephemeral_ports())
    share = -(-ports.n // processes)
    each = what_fits(share, soft=raise_descriptor_limit(), used=OPEN_AT_START, who="each process of clients")
    if each.cut:
        return Fits(each.n * processes, wanted, f"{each.why} Or spread them over more than processes={processes}.")
    return ports


def _rotated(addresses: Sequence[str], by: int) -> list[str]:
    return [addresses[(k + by) % len(addresses)] for k in range(len(addresses))]


def _shares(n: int, among: int) -> list[int]:
    """`n` in `among` parts that differ by one at most."""
    return [n // among + (k < n % among) for k in range(among)]


async def _all(ones: list[Coroutine[Any, Any, T]]) -> list[T]:
    """The results in order; the first error ends the others, and is raised as it is."""
    tasks = [asyncio.ensure_future(one) for one in ones]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task.done():
                task.result()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(child: Child, order: dict[str, Any], limit_s: float) -> tuple[dict[str, Any], array[float]]:
    """Give one order, wait for its reply."""
    try:
        async with asyncio.timeout(limit_s):
            child.stdin.write(json.dumps(order).encode() + b"\n")
            await child.stdin.drain()
            said: dict[str, Any] = json.loads(await child.line(limit_s))
            times = array("d")
            times.frombytes(await child.stdout.readexactly(said["bytes"]))
            return said, times
    except (BrokenPipeError, ConnectionResetError, asyncio.IncompleteReadError):
        raise HasEnded(await child.obituary()) from None
    except TimeoutError:
        raise TookTooLong(
            f"expected {child.what} to reply within {limit_s:g} s to {order.get('do', 'connect')!r}, it did not; "
            "is the machine busy, or the number too large for it? Ask for fewer clients, or allow more time"
        ) from None


def _sum(replies: list[dict[str, Any]]) -> Standing:
    failed: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for one in replies:
        failed.update(one["failed"])
        statuses.update(one["statuses"])
    connected, answered, reconnected = (
        sum(one[name] for one in replies) for name in ("connected", "answered", "reconnected")
    )
    return Standing(connected, answered, reconnected, dict(failed), dict(statuses))


def _not_connected(address: Address, n: int, standing: Standing, addresses: Sequence[str]) -> str:
    reasons = ", ".join(f"{why}: {times:,}" for why, times in sorted(standing.failed.items()))
    advice = "is the server still there, and has it descriptors enough? (`await server.fits(n)` tells)"
    if sys.platform == "darwin" and addresses:
        advice = "macOS has only 127.0.0.1 until told: sudo ifconfig lo0 alias 127.0.0.2"
    return f"expected {n:,} connections to {address}, got {standing.connected:,} ({reasons}); {advice}"
