"""The purgatory under the load that Kafka's authors put theirs under.

The load is that of Kafka's `TestPurgatoryPerformance` in its first, Scala version: requests arrive as a Poisson
process, each is watched under the same three keys of a hundred, is complete a log-normal service time after its
arrival, and times out after 200 ms. Low service times are 20 ms in the median and 60 ms at the 75th percentile,
high ones 200 and 400: half of these time out. Nothing waits: the clock is an argument, the whole timetable of a
round is drawn before its start, and what is measured is processor time on one core, a request from making the
operation to its end and its share of reaping and purging included.

The peer is what Kafka's purgatory was before it had wheels: time-outs on a heap, which an ended operation leaves
when its time has come, and lists that are purged by looking at all that is on them. It knows no cancellation, no
second thread and no error, and its heap is in C: with few pending it is the faster one here.

Flat means: as many pending as you like, a request costs the same. So the same load comes faster, until about so
many are pending. What a million of anything costs over a thousand is the processor's caches, which do not hold them:
the rows for comparison show what that does to a bare dict.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from bench.side_by_side import Row, in_turn
from patterns.wait.delayed_operation import DelayedOperation, Purgatory

TIMEOUT_MS = 200
KEYS = tuple(f"fakeKey{number}" for number in random.Random(3).sample(range(100), 3))
ROUNDS = 5


class Service(NamedTuple):
    """Service times: log-normal, by two percentiles, in ms."""

    p50_ms: float
    p75_ms: float

    def draw(self, random: random.Random) -> float:
        sigma = (math.log(self.p75_ms) - math.log(self.p50_ms)) / 0.674490
        return random.lognormvariate(math.log(self.p50_ms), sigma)

    def pending_ms(self) -> float:
        """How long a request is pending on average: with the rate, Little's law gives how many are."""
        draw = random.Random(0)
        return sum(min(self.draw(draw), TIMEOUT_MS) for _ in range(10_000)) / 10_000


LOW, HIGH = Service(20, 60), Service(200, 400)


class Clock:
    """What the operations read."""

    now_ms = 0


class Request(DelayedOperation):
    """Complete once its service time is over."""

    __slots__ = ("clock", "completes_at_ms")

    def __init__(self, clock: Clock, completes_at_ms: float) -> None:
        super().__init__(TIMEOUT_MS)
        self.clock = clock
        self.completes_at_ms = completes_at_ms

    def try_complete(self) -> bool:
        return self.clock.now_ms >= self.completes_at_ms and self.force_complete()

    def on_complete(self) -> None:
        pass

    def on_expiration(self) -> None:
        pass


class Waiting(Protocol):
    """What is measured."""

    def try_complete_else_watch(self, operation: DelayedOperation, keys: tuple[str, ...], now_ms: int) -> bool: ...
    def advance_clock(self, now_ms: int) -> int: ...
    def maybe_purge(self) -> object: ...


class OnAHeap:
    """A purgatory as Kafka's was before 0.8.3, as far as this load goes."""

    def __init__(self, purge_interval: int = 1000) -> None:
        self.purge_interval = purge_interval
        self.watchers_of: dict[str, list[DelayedOperation]] = {}
        self.due: list[tuple[int, int, DelayedOperation]] = []
        self.number = 0
        self.watched_since_purge = 0

    def try_complete_else_watch(self, operation: DelayedOperation, keys: tuple[str, ...], now_ms: int) -> bool:
        if operation.try_complete():
            return True
        for key in keys:
            self.watchers_of.setdefault(key, []).append(operation)
        self.watched_since_purge += 1
        if operation.try_complete():
            return True
        self.number += 1
        heapq.heappush(self.due, (now_ms + (operation.delay_ms or 0), self.number, operation))
        return False

    def advance_clock(self, now_ms: int) -> int:
        expired = 0
        while self.due and self.due[0][0] <= now_ms:
            expired += heapq.heappop(self.due)[2].expire()
        return expired

    def maybe_purge(self) -> None:
        if self.watched_since_purge > self.purge_interval:
            self.watched_since_purge = 0
            for watchers in self.watchers_of.values():
                watchers[:] = [operation for operation in watchers if not operation.completed]


class Load:
    """Requests on end: each `run` takes the next so many of them."""

    def __init__(self, waiting: Waiting, service: Service, a_second: float) -> None:
        self.waiting = waiting
        self.service = service
        self.interval_ms = 1000 / a_second
        self.random = random.Random(1989)
        self.clock = Clock()
        self.arrival_ms = 0.0
        self.number = 0
        self.open: dict[int, Request] = {}  # those that will be completed, by number
        self.completions: list[tuple[float, int]] = []

    def fill(self) -> None:
        """Until requests end as fast as they come."""
        self.run(int(1.1 * TIMEOUT_MS / self.interval_ms) + 1)

    def timetable(self, requests: int) -> list[tuple[float, int, float]]:
        """(when, its number, its service time), or ~number and 0 where a request is completed; in order of time."""
        arrivals: list[tuple[float, int, float]] = []
        for _ in range(requests):
            self.arrival_ms += self.random.expovariate(1) * self.interval_ms
            service_ms = self.service.draw(self.random)
            arrivals.append((self.arrival_ms, self.number, service_ms))
            if service_ms < TIMEOUT_MS:
                self.completions.append((self.arrival_ms + service_ms, self.number))
            self.number += 1
        self.completions.sort()
        here = next((n for n, (at, _) in enumerate(self.completions) if at > self.arrival_ms), len(self.completions))
        done = [(at_ms, ~number, 0.0) for at_ms, number in self.completions[:here]]
        del self.completions[:here]
        return sorted(arrivals + done)

    def run(self, requests: int) -> float:
        """Requests a second of processor time."""
        timetable = self.timetable(requests)
        waiting, clock, running = self.waiting, self.clock, self.open
        started_s = time.process_time()
        for at_ms, number, service_ms in timetable:
            now_ms = int(at_ms)
            if now_ms != clock.now_ms:
                clock.now_ms = now_ms
                waiting.advance_clock(now_ms)
                waiting.maybe_purge()
            if number < 0:
                running.pop(~number).force_complete()
            else:
                request = Request(clock, at_ms + service_ms)
                if service_ms < TIMEOUT_MS:
                    running[number] = request
                waiting.try_complete_else_watch(request, KEYS, now_ms)
        return requests / (time.process_time() - started_s)


class Parked:
    """Something that waits, as small as an object can be."""

    __slots__ = ()


def through_a_dict(pending: int, steps: int) -> Callable[[], float]:
    """ns to put an object into a dict and take out another, so many being in it."""
    draw = random.Random(7)
    parked = [Parked() for _ in range(pending)]
    inside = dict.fromkeys(parked)

    def measure() -> float:
        plan = [draw.randrange(pending) for _ in range(steps)]
        started_s = time.process_time()
        for at in plan:
            del inside[parked[at]]
            parked[at] = new = Parked()
            inside[new] = None
        return (time.process_time() - started_s) / steps * 1e9

    return measure


def under_load(waiting: Waiting, service: Service, a_second: float) -> Load:
    """The load, once as many requests end as come."""
    load = Load(waiting, service, a_second)
    load.fill()
    return load


def with_pending(waiting: Waiting, pending: int) -> Load:
    """High service times, and as many a second as it takes for so many to be pending."""
    return under_load(waiting, HIGH, 1000 * pending / HIGH.pending_ms())


def us(load: Load, requests: int) -> Callable[[], float]:
    """Processor time of one request in µs."""
    return lambda: 1e6 / load.run(requests)


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Seven rows, about two minutes with full effort, most of them spent on filling."""
    requests, few, many, most = (max(100, int(n * effort)) for n in (50_000, 1000, 100_000, 1_000_000))
    yield from kafkas_own(requests, a_second=max(1000, round(105_000 * min(effort, 1))))
    yield from flat(requests, few, many, most)


def kafkas_own(requests: int, a_second: int) -> Iterator[Row]:
    """What a core can take of it."""
    for name, service in (("low", LOW), ("high", HIGH)):
        ours, peer = under_load(Purgatory(), service, a_second), under_load(OnAHeap(), service, a_second)

        def ours_a_second(load: Load = ours) -> float:
            return load.run(requests)

        def peers_a_second(load: Load = peer) -> float:
            return load.run(requests)

        yield Row(
            what=f"Kafka's own load at {a_second:,}/s, {name} service times",
            ours_is="Purgatory",
            peer_is="time-outs on a heap",
            unit="operations/s",
            better="higher",
            goal="at least 105,000 operations/s",
            **in_turn(ours_a_second, peers_a_second, ROUNDS),
        )


def flat(requests: int, few: int, many: int, most: int) -> Iterator[Row]:
    """What the number of those that wait does to the cost of one, here and to anybody."""
    small = with_pending(Purgatory(), few)
    for pending in (many, most):
        large = with_pending(Purgatory(), pending)
        yield Row(
            what=f"an operation of that load, {pending:,} pending",
            ours_is=f"Purgatory, {pending:,}",
            peer_is=f"Purgatory, {few:,}",
            unit="µs",
            goal="flat",
            **in_turn(us(large, requests), us(small, requests), ROUNDS),
        )
    heap = with_pending(OnAHeap(), most)
    yield Row(
        what=f"an operation of that load, {most:,} pending",
        ours_is="Purgatory",
        peer_is="time-outs on a heap",
        unit="µs",
        **in_turn(us(large, requests), us(heap, max(100, requests // 5)), ROUNDS),
    )
    del large, heap
    for pending in (many, most):
        yield Row(
            what=f"for comparison: an object into a dict and another out, {pending:,} being in it",
            ours_is=f"dict, {pending:,}",
            peer_is=f"dict, {few:,}",
            unit="ns",
            **in_turn(through_a_dict(pending, requests), through_a_dict(few, requests), ROUNDS),
        )
