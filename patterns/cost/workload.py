"""What happens, and when: the events that every pattern is measured on.

The problem: a pattern is cheap or dear only for a given workload, and two patterns can be compared only on
the same one. The assumption: events come independently of each other and of the clients. The bargain: a
Poisson process with a seed looks irregular and is the same every time. Regular events (`every`) are for
looking at bytes, never for measuring staleness: on the grid of a poll interval they hide it or exaggerate
it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

from patterns.wait.log import Log

LETTERS = b"abcdefghijklmnopqrstuvwxyz"


def poisson(rate_per_s: float, duration_s: float, *, seed: int) -> list[float]:
    """Return the arrival times of a Poisson process in [0, duration_s), in seconds, ascending.

    The gaps are exponentially distributed with mean 1 / `rate_per_s`; the expected number is
    `rate_per_s` · `duration_s`.

    Raises:
        ValueError: a negative rate or duration.
    """
    _at_least_0(rate_per_s=rate_per_s, duration_s=duration_s)
    times: list[float] = []
    if rate_per_s == 0:
        return times
    draw = random.Random(seed)
    time_s = draw.expovariate(rate_per_s)
    while time_s < duration_s:
        times.append(time_s)
        time_s += draw.expovariate(rate_per_s)
    return times


def every(interval_s: float, duration_s: float, *, start_s: float = 0.0) -> list[float]:
    """Return start_s, start_s + interval_s, … below duration_s, in seconds; each multiplied, none summed up.

    Raises:
        ValueError: an interval that is not positive, a negative duration.
    """
    _at_least_0(duration_s=duration_s)
    if not interval_s > 0:
        raise ValueError(f"interval_s is {interval_s!r}: it must be above 0")
    times: list[float] = []
    while (time_s := start_s + len(times) * interval_s) < duration_s:
        times.append(time_s)
    return times


def payload(size_bytes: int, *, seed: int) -> bytes:
    """Return that many small letters a–z, the same for the same seed: they fit into JSON as they are."""
    _at_least_0(size_bytes=size_bytes)
    return bytes(random.Random(seed).choices(LETTERS, k=size_bytes))


async def feed(log: Log, times: Iterable[float], *, payload_bytes: int = 100, seed: int = 0) -> None:
    """Append an event to `log` at each of `times`, in seconds from now on, by the running loop's clock.

    The events' `time_s` is the loop's time, so that a client's `loop.time()` minus it is the staleness.

    Args:
        log: the log to append to.
        times: ascending; a time already past is due at once.
        payload_bytes: the size of each payload; every payload differs.
        seed: chooses the payloads.
    """
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for number, time_s in enumerate(times):
        await until(start_s + time_s)
        log.append(payload(payload_bytes, seed=seed * 1_000_003 + number), loop.time())


async def until(time_s: float) -> None:
    """Wait for exactly that time of the running loop's clock, in seconds; not at all for one that is past.

    By `call_at`, not `sleep`: a sleep's length is a difference, and would round.
    """
    loop = asyncio.get_running_loop()
    if time_s <= loop.time():
        return
    due = loop.create_future()
    timer = loop.call_at(time_s, _come, due)
    try:
        await due
    finally:
        timer.cancel()


def _come(due: asyncio.Future[None]) -> None:
    """The moment has come; who was cancelled in the same turn of the loop no longer waits for it."""
    if not due.done():
        due.set_result(None)


def _at_least_0(**values: float) -> None:
    for name, value in values.items():
        if not value >= 0:
            raise ValueError(f"{name} is {value!r}: it must be at least 0")
