"""The workload: random but repeatable, and fed at exactly its times."""

from __future__ import annotations

import asyncio
import itertools
import math
import statistics

import pytest

from patterns.cost.workload import every, feed, payload, poisson
from patterns.wait.log import Log


def test_a_poisson_process_is_the_same_for_the_same_seed() -> None:
    assert poisson(2.0, 100.0, seed=1) == poisson(2.0, 100.0, seed=1)
    assert poisson(2.0, 100.0, seed=1) != poisson(2.0, 100.0, seed=2)


def test_a_longer_poisson_process_begins_as_the_shorter_one() -> None:
    short = poisson(2.0, 50.0, seed=1)
    assert poisson(2.0, 100.0, seed=1)[: len(short)] == short


def test_a_poisson_process_has_its_rate_and_exponential_gaps() -> None:
    times = poisson(5.0, 10_000.0, seed=3)
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < 10_000
    # 99% of Poisson counts with mean 50,000 lie within 2.576 standard deviations.
    assert abs(len(times) - 50_000) < 2.576 * math.sqrt(50_000)
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert statistics.stdev(gaps) == pytest.approx(0.2, rel=0.02), "an exponential deviates by its mean"
    assert sum(gap > 0.2 for gap in gaps) / len(gaps) == pytest.approx(math.exp(-1), rel=0.02)


def test_no_events_come_at_rate_0_or_in_no_time() -> None:
    assert poisson(0, 3600, seed=1) == []
    assert poisson(5, 0, seed=1) == []


def test_regular_times_are_multiples_and_do_not_drift() -> None:
    assert every(0.1, 1.0) == [n * 0.1 for n in range(10)]
    assert every(10, 30, start_s=5) == [5, 15, 25]
    assert every(10, 0) == []


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: poisson(-1, 10, seed=0), "rate_per_s is -1: it must be at least 0"),
        (lambda: poisson(1, math.nan, seed=0), "duration_s is nan: it must be at least 0"),
        (lambda: every(0, 10), "interval_s is 0: it must be above 0"),
        (lambda: every(1, -10), "duration_s is -10: it must be at least 0"),
        (lambda: payload(-1, seed=0), "size_bytes is -1: it must be at least 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, text) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        call()
    assert str(caught.value) == text


def test_a_payload_has_its_size_and_fits_into_json() -> None:
    assert payload(5, seed=1) == payload(5, seed=1) != payload(5, seed=2)
    assert payload(0, seed=1) == b""
    assert payload(1000, seed=1).decode().isalpha()


async def test_events_are_appended_at_exactly_their_times_counted_from_the_start() -> None:
    await asyncio.sleep(0.7)
    log, times = Log(), poisson(1.0, 50.0, seed=4)
    await feed(log, times, payload_bytes=7)
    assert [event.time_s for event in log] == [0.7 + time_s for time_s in times]
    assert {len(event.payload) for event in log} == {7}
    assert len({event.payload for event in log}) == len(times)


async def test_events_of_one_moment_all_happen_at_it() -> None:
    log = Log()
    await feed(log, [0.0, 1.0, 1.0])
    assert [event.time_s for event in log] == [0.0, 1.0, 1.0]


async def test_a_feed_that_is_cancelled_at_the_very_moment_of_an_event_ends_in_silence() -> None:
    loop, log = asyncio.get_running_loop(), Log()
    complaints: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    feeding = asyncio.create_task(feed(log, [1.0]))
    loop.call_at(loop.time() + 1.0, feeding.cancel)  # set before the feed's own timer, so it runs before it
    await asyncio.wait({feeding})
    assert feeding.cancelled()
    assert (complaints, len(log)) == ([], 0)


async def test_a_feed_that_is_cancelled_stops_and_leaves_no_timer() -> None:
    log = Log()
    feeding = asyncio.create_task(feed(log, [1.0, 1000.0]))
    await asyncio.sleep(2)
    feeding.cancel()
    await asyncio.wait({feeding})
    assert len(log) == 1
    await asyncio.sleep(2000)
    assert len(log) == 1
