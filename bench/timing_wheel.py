"""The timing wheel beside asyncio's own timers, which stand on a heap, with few timers set and with a million.

A step is what a server does whose answers come before their time-outs: it sets a timer and cancels another, any of
those that are set. The wheel's clock is told the time, the loop takes a turn, once in a thousand steps; none fires.
A cancelled `call_later` stays on the heap until more than half of it is cancelled, and is swept out then. So a round
has as many steps as there are timers: it pays for a sweep. The values are processor time.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator

from bench.side_by_side import Row, in_turn
from patterns.wait.timing_wheel import TimingWheel

ROUNDS = 3
STEPS_AND_TIMERS = ((50_000, 1000), (1000, 100), (100_000, 100), (1_000_000, 100))  # with full effort, at least


def timers_of_the_wheel(pending: int, steps: int) -> Callable[[], float]:
    """ns to set a timer and cancel another, so many being set."""
    wheel: TimingWheel[None] = TimingWheel()
    draw = random.Random(20)
    entries = [wheel.add(None, draw.randrange(600_000, 1_200_000)) for _ in range(pending)]

    def measure() -> float:
        plan = [(draw.randrange(pending), draw.randrange(600_000, 1_200_000)) for _ in range(steps)]
        started_s = time.process_time()
        for number, (at, delay_ms) in enumerate(plan):
            entry = entries[at]
            assert entry is not None
            entry.cancel()
            entries[at] = wheel.add(None, delay_ms)
            if number % 1000 == 0:
                wheel.advance_clock(0)
        return (time.process_time() - started_s) / steps * 1e9

    return measure


def timers_of_asyncio(pending: int, steps: int, loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """The same by `call_later`; its loop takes a turn after each thousand, to sweep out what was cancelled."""
    draw = random.Random(20)

    def nothing() -> None:
        pass

    handles = [loop.call_later(draw.randrange(600_000, 1_200_000) / 1000, nothing) for _ in range(pending)]

    async def steps_taken(plan: list[tuple[int, float]]) -> float:
        started_s = time.process_time()
        for number, (at, delay_s) in enumerate(plan):
            handles[at].cancel()
            handles[at] = loop.call_later(delay_s, nothing)
            if number % 1000 == 0:
                await asyncio.sleep(0)
        return (time.process_time() - started_s) / steps * 1e9

    def measure() -> float:
        plan = [(draw.randrange(pending), draw.randrange(600_000, 1_200_000) / 1000) for _ in range(steps)]
        return loop.run_until_complete(steps_taken(plan))

    return measure


def rows(effort: float = 1.0) -> Iterator[Row]:
    """Four rows, about two minutes with full effort, most of it spent on filling."""
    steps, few, many, most = (max(least, int(n * effort)) for n, least in STEPS_AND_TIMERS)
    for pending in (few, many, most):
        loop = asyncio.new_event_loop()
        try:
            yield Row(
                what=f"a timer set and another cancelled, {pending:,} being set",
                ours_is="TimingWheel",
                peer_is="call_later",
                unit="ns",
                goal="at most 0.5",
                **in_turn(
                    timers_of_the_wheel(pending, max(steps, pending)),
                    timers_of_asyncio(pending, max(steps, pending), loop),
                    ROUNDS,
                ),
            )
        finally:
            loop.close()
    yield Row(
        what=f"a timer set and another cancelled, {most:,} being set",
        ours_is=f"TimingWheel, {most:,}",
        peer_is=f"TimingWheel, {few:,}",
        unit="ns",
        goal="flat",
        **in_turn(timers_of_the_wheel(most, steps), timers_of_the_wheel(few, steps), ROUNDS),
    )
