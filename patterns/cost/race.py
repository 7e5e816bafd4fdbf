"""The race: the same events for the same clients over the same path, delivered by one pattern after the other.

The problem: "long polling is cheaper" is an argument, not a number, and two measurements of two programs on
two afternoons compare the afternoons.
The assumption: what differs between the patterns is who speaks when. So everything else is held equal: the
events and their seed, the clients and the moment each of them comes, the path and its delay.
The bargain: each pattern runs alone under a jumping clock that begins at 0, with a real socket under every
byte, so every field of every row is the same on every run; what this clock cannot price, computing, is
left to `cost.process`.
"""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from patterns.cost.autojump import elsewhere
from patterns.cost.measure import cost
from patterns.cost.model import Cost
from patterns.cost.workload import feed, until
from patterns.wait.log import Event, Log
from patterns.wire.listen import Server
from patterns.wire.tap import HTTP, Framing, Seen, Traffic, tap

ARRIVE_WITHIN_S = 1.0  # the clients do not all come at the same instant
LIMIT_BYTES = 1 << 30  # of the tap's memory: an hour has to be counted whole


class RaceError(RuntimeError):
    """A race that cannot be counted: the text says which pattern, what was expected and what came."""


class Pattern(Protocol):
    """What can be raced: a lesson, or anything with its two names."""

    @property
    def serve(self) -> Callable[..., Awaitable[Server]]:
        """`server = await serve(log, **options)`."""

    @property
    def follow(self) -> Callable[..., AsyncIterator[Event]]:
        """`async for event in follow(address, offset, **options)`."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is the same for all: the events' times and the duration in seconds, how many clients, the path.

    delay_s: one way, so a round trip takes twice that. seed: of the clients' arrivals and the payloads.
    """

    events: tuple[float, ...]
    clients: int
    duration_s: float
    delay_s: float = 0.01
    payload_bytes: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.clients < 1:
            raise ValueError(f"expected at least 1 client, got {self.clients}")
        if not self.duration_s > 0:
            raise ValueError(f"expected a duration above 0 s, got {self.duration_s!r}")
        if list(self.events) != sorted(self.events) or (self.events and self.events[0] < 0):
            raise ValueError("expected the events' times ascending from 0 on; sort them")
        if self.events and self.events[-1] >= self.duration_s:
            raise ValueError(f"expected every event before {self.duration_s:g} s, got one at {self.events[-1]:g} s")

    @property
    def arrivals(self) -> tuple[float, ...]:
        """When each client comes, in seconds: seeded, all within the first second."""
        draw = random.Random(f"arrivals {self.seed}")
        within_s = min(ARRIVE_WITHIN_S, self.duration_s / 2)
        return tuple(sorted(draw.uniform(0, within_s) for _ in range(self.clients)))


@dataclass(frozen=True, slots=True)
class Expected:
    """What a formula expects: the row, and the staleness of each delivery in seconds."""

    cost: Cost
    staleness_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Racer:
    """A pattern on the starting line.

    options: for `serve` and `follow`; each gets those it has a keyword for.
    useless: whether a message to the client brought it nothing, such as a "not yet".
    framing: how its messages are found on the wire.
    model: what a formula expects under these conditions, given the events that happen in them.
    """

    pattern: Pattern
    options: Mapping[str, Any] = field(default_factory=dict)
    useless: Callable[[Seen], bool] = lambda _: False
    model: Callable[[Conditions], Expected] | None = None
    framing: Framing = HTTP


@dataclass(frozen=True, slots=True)
class Finish:
    """A racer's row, what its percentiles were taken from (seconds, in order of delivery), and what its model says."""

    cost: Cost
    staleness_s: tuple[float, ...]
    model: Expected | None = None


async def race(
    racers: Mapping[str, Racer],
    conditions: Conditions,
    *,
    progress: Callable[[str, float], object] | None = None,
) -> dict[str, Finish]:
    """Run each racer for `conditions.duration_s` of virtual time; its messages, bytes and staleness by name.

    May be awaited from any loop, a notebook's too: every racer runs in a thread with a clock of its own.

    Messages, bytes and connections are those of the duration. What is on its way when it ends is still
    delivered and counts as delivered, so that no pattern loses an event to the bell.

    Args:
        racers: name → racer, in the order of the result.
        conditions: the same for all.
        progress: called with the racer's name and the share of its duration that has passed, 0 … 1.

    Raises:
        RaceError: a client got an event that never happened, or in another order, or had to be waited for
            beyond another whole duration.
        ValueError: an option that neither `serve` nor `follow` has.
    """
    finishes = {}
    for name, racer in racers.items():
        _check_options(name, racer)
        try:
            finishes[name] = await elsewhere(
                partial(_run, name, racer, conditions),
                progress=partial(_tell, progress, name, conditions.duration_s) if progress else None,
            )
        except BaseExceptionGroup as failures:
            raise _first(failures) from None  # the clients fail alike, and one account of it is enough
        if racer.model is not None:
            finishes[name] = replace(finishes[name], model=racer.model(conditions))
    return finishes


def _tell(progress: Callable[[str, float], object], name: str, duration_s: float, now_s: float) -> None:
    progress(name, min(1.0, now_s / duration_s))


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    failure = failures.exceptions[0]
    return _first(failure) if isinstance(failure, BaseExceptionGroup) else failure


async def _run(name: str, racer: Racer, conditions: Conditions) -> Finish:
    """One racer, in a loop whose time begins at 0."""
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    log = Log()
    clients = [_Client(name, number, log) for number in range(conditions.clients)]
    serve, follow = racer.pattern.serve, racer.pattern.follow
    async with (
        await serve(log, **_accepted(serve, racer.options)) as server,
        await tap(server.address, delay_s=conditions.delay_s, limit_bytes=LIMIT_BYTES, framing=racer.framing) as path,
        asyncio.TaskGroup() as tasks,
    ):
        options = _accepted(follow, racer.options)
        at_work = [
            tasks.create_task(client.follow(start_s + arrival_s, lambda: follow(path.address, **options)))
            for client, arrival_s in zip(clients, conditions.arrivals, strict=True)
        ]
        tasks.create_task(feed(log, conditions.events, payload_bytes=conditions.payload_bytes, seed=conditions.seed))
        await until(start_s + conditions.duration_s)
        end_s = loop.time()
        row = cost(name, path.traffic, useless=racer.useless, until_s=end_s)
        try:
            async with asyncio.timeout_at(end_s + conditions.duration_s):
                await asyncio.gather(*(client.has(len(conditions.events)) for client in clients))
        except TimeoutError:
            got = sorted({len(client.had_s) for client in clients})
            raise RaceError(
                f"{name}: expected every client to have all {len(log)} events another "
                f"{conditions.duration_s:g} s after the end, but some have {got[0]}"
            ) from None
        for task in at_work:
            task.cancel()
    deliveries = [(log[offset], time_s) for client in clients for offset, time_s in enumerate(client.had_s)]
    return _finish(row, deliveries, len(log), conditions.clients)


def _finish(row: Cost, deliveries: list[tuple[Event, float]], published: int, clients: int) -> Finish:
    """The row of the duration with the staleness of every delivery."""
    told = cost(row.pattern, Traffic(), deliveries=deliveries, published=published, clients=clients)
    staleness = {name: getattr(told, name) for name in ("staleness_p50_s", "staleness_p99_s", "staleness_max_s")}
    by_time = sorted(deliveries, key=lambda delivery: (delivery[1], delivery[0].offset))
    return Finish(
        replace(row, events_missed=told.events_missed, **staleness),
        tuple(had_s - event.time_s for event, had_s in by_time),
    )


class _Client:
    """Follows from the first event on, and notes when it had each."""

    def __init__(self, racer: str, number: int, log: Log) -> None:
        self.name = f"{racer}, client {number}"
        self.log = log
        self.had_s: list[float] = []
        self._more = asyncio.Event()

    async def follow(self, arrival_s: float, events: Callable[[], AsyncIterator[Event]]) -> None:
        loop = asyncio.get_running_loop()
        await until(arrival_s)
        async with aclosing(events()) as following:  # type: ignore[type-var]  # the lessons' are generators
            async for event in following:
                self._check(event)
                self.had_s.append(loop.time())
                self._more.set()

    def _check(self, event: Event) -> None:
        offset = len(self.had_s)
        if event.offset != offset or offset >= len(self.log) or event.payload != self.log[offset].payload:
            raise RaceError(f"{self.name}: expected event {offset} as it happened, got {event!r}")

    async def has(self, count: int) -> None:
        """Wait until it has so many events."""
        while len(self.had_s) < count:
            self._more.clear()
            await self._more.wait()


def _accepted(function: Callable[..., object], options: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that the function has a keyword for."""
    return {name: value for name, value in options.items() if name in _keywords(function)}


def _keywords(function: Callable[..., object]) -> set[str]:
    return {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _check_options(name: str, racer: Racer) -> None:
    known = _keywords(racer.pattern.serve) | _keywords(racer.pattern.follow)
    if unknown := sorted(set(racer.options) - known):
        raise ValueError(f"{name}: expected options out of {', '.join(sorted(known))}; got {', '.join(unknown)}")
