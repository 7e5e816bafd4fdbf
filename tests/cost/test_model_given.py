"""The models that are given the events: exact, client by client, against simulations under the jumping clock."""

from __future__ import annotations

import asyncio
import math
import random

import pytest

from patterns.cost import model
from patterns.cost.model import given
from patterns.cost.workload import poisson

Z99 = 2.576  # 99% of a normal distribution lie within so many standard deviations
SIZES = given.Sizes(request_bytes=100, empty_response_bytes=80, event_bytes=50, news_bytes=7)


async def simulated(
    times: list[float], duration_s: float, rtt_s: float, interval_s: float, wait_s: float
) -> tuple[int, int, list[float]]:
    """(requests, useless answers, staleness) of one client, each way through the path a sleep; `wait_s` 0: not held."""
    loop, happened, news = asyncio.get_running_loop(), [], asyncio.Condition()

    async def happen() -> None:
        for time_s in times:
            await asyncio.sleep(time_s - loop.time())
            async with news:
                happened.append(time_s)
                news.notify_all()

    happening = asyncio.create_task(happen())
    requests, useless, ages, had = 0, 0, [], 0
    while (asked_s := loop.time()) < duration_s:
        requests += 1
        await asyncio.sleep(rtt_s / 2)
        async with news:
            try:
                async with asyncio.timeout(wait_s):
                    await news.wait_for(lambda had=had: len(happened) > had)
            except TimeoutError:
                pass
        answer = happened[had:]
        await asyncio.sleep(rtt_s / 2)
        ages += [loop.time() - time_s for time_s in answer]
        had += len(answer)
        useless += not answer
        if interval_s:
            await asyncio.sleep(asked_s + interval_s - loop.time())
    happening.cancel()
    await asyncio.wait({happening})
    return requests, useless, ages


@pytest.mark.parametrize("rtt_s", [0.0, 0.3])
@pytest.mark.parametrize(("rate_per_s", "seed"), [(0.02, 1), (0.5, 2), (5.0, 3)])
@pytest.mark.parametrize(("interval_s", "wait_s"), [(4.0, 0.0), (0.0, 10.0)])
async def test_given_the_events_polling_costs_exactly_what_a_simulation_costs(
    rate_per_s, seed, interval_s, wait_s, rtt_s
) -> None:
    times = poisson(rate_per_s, 600.0, seed=seed)
    requests, useless, ages = await simulated(times, 600.0, rtt_s, interval_s, wait_s)
    if interval_s:
        row = given.short_polling(times, interval_s, 600.0, 3, rtt_s=rtt_s, sizes=SIZES)
        assert requests == 150
    else:
        row = given.long_polling(times, wait_s, 600.0, 3, rtt_s=rtt_s, sizes=SIZES)
    assert row.messages_to_server == row.messages_to_client == 3 * requests
    assert row.useless_responses == 3 * useless
    assert row.bytes_to_server == 3 * 100 * requests
    assert row.bytes_to_client == 3 * (80 * requests + 7 * (requests - useless) + 50 * len(ages))
    assert row.events_missed == 3 * (len(times) - len(ages))
    assert row.staleness_p50_s == pytest.approx(model.percentile(ages * 3, 50), abs=1e-9)
    assert row.staleness_p99_s == pytest.approx(model.percentile(ages * 3, 99), abs=1e-9)
    assert row.staleness_max_s == pytest.approx(max(ages), abs=1e-9)


def test_a_push_costs_a_request_its_answer_and_one_message_an_event() -> None:
    row = given.push([0.05, 1.0, 1.0, 7.0], 10.0, 2, rtt_s=0.2, sizes=SIZES)
    assert row == model.Cost(
        "push", 2, 10, 200, 2 * (80 + 7 + 200), 0, 20.0, 0.1, pytest.approx(0.15), pytest.approx(0.15), 0
    )


def test_clients_that_come_at_different_times_are_added_up() -> None:
    times = poisson(0.5, 600.0, seed=9)
    hours = [given.long_polling_hour(times, 600.0, wait_s=10.0, rtt_s=0.1, start_s=start_s) for start_s in (0.0, 7.5)]
    both = given.row("long polling", hours, len(times), SIZES)
    assert both.messages_to_server == sum(hour.requests for hour in hours)
    news = both.messages_to_server - both.useless_responses
    assert both.bytes_to_client == 80 * both.messages_to_server + 7 * news + 50 * 2 * len(times)
    assert both.connections_held_s == pytest.approx(sum(hour.held_s for hour in hours))
    late = [age_s for age_s in hours[1].staleness_s if age_s > 7.5 - times[0]]
    assert late, "who comes late still gets what happened before, as old as it is"
    assert hours[0] == given.long_polling_hour(times, 600.0, wait_s=10.0, rtt_s=0.1)


def test_questions_that_come_while_others_are_answered_wait_for_them() -> None:
    row = given.request_response([0.0, 0.1, 5.0], rtt_s=0.2, service_s=0.5, sizes=SIZES)
    assert (row.messages_to_server, row.messages_to_client) == (3, 3)
    assert (row.bytes_to_server, row.bytes_to_client) == (300, 3 * (80 + 7 + 50))
    assert row.staleness_max_s == pytest.approx(1.1)  # came at 0.2, begun at 0.6, done at 1.1, there at 1.2
    assert row.staleness_p50_s == pytest.approx(0.7)
    assert row.connections_held_s == pytest.approx(0.7 + 1.1 + 0.7)


def test_several_events_in_one_answer_are_one_message_and_none_is_missed_by_a_tie() -> None:
    row = given.long_polling([1.0, 1.0, 2.0, 2.05, 2.1], 30.0, 3.0, rtt_s=0.2)
    assert (row.messages_to_client, row.useless_responses, row.events_missed) == (4, 1, 0)
    assert row.staleness_max_s == pytest.approx(2.2 + 0.1 - 2.05)


@pytest.mark.parametrize("rtt_s", [0.0, 0.2])
@pytest.mark.parametrize(("rate_per_s", "wait_s"), [(0.01, 30.0), (1.0, 30.0), (1.0, 0.7), (20.0, 30.0)])
def test_the_closed_form_of_long_polling_is_the_average_over_random_arrivals(rate_per_s, wait_s, rtt_s) -> None:
    duration_s = 20_000 / rate_per_s
    mean = model.long_polling(rate_per_s, wait_s, duration_s, rtt_s=rtt_s)
    times = poisson(rate_per_s, duration_s, seed=5)
    row = given.long_polling(times, wait_s, duration_s, rtt_s=rtt_s)
    assert row.messages_to_server == pytest.approx(mean.messages_to_server, rel=0.02)
    assert row.useless_responses == pytest.approx(mean.useless_responses, rel=0.05, abs=30)
    assert row.staleness_p50_s == pytest.approx(mean.staleness_p50_s, rel=0.05, abs=1e-6)
    assert row.staleness_p99_s == pytest.approx(mean.staleness_p99_s, rel=0.05, abs=1e-6)
    assert row.staleness_max_s <= mean.staleness_max_s + 1e-6


def test_when_nothing_happens_long_polling_times_out_and_asks_again() -> None:
    row = model.long_polling(0.0, 30.0, 3600.0, 10, rtt_s=0.5)
    assert row.messages_to_server == row.useless_responses == pytest.approx(10 * 3600 / 30.5)
    assert given.long_polling([], 29.5, 3600.0, 10, rtt_s=0.5).useless_responses == 1200


@pytest.mark.parametrize(("n", "q"), [(1, 0.5), (20, 0.5), (360, 0.5), (360, 0.99)])
def test_a_quantile_of_random_draws_lies_in_its_interval_99_times_of_100(n, q) -> None:
    low, high = given.quantile_interval(n, q)
    draw, inside, runs = random.Random(n), 0, 4000
    for _ in range(runs):
        inside += low <= model.percentile([draw.random() for _ in range(n)], 100 * q) <= high
    assert inside / runs > 0.99 - Z99 * math.sqrt(0.99 * 0.01 / runs)
    assert inside / runs < 0.999, "too wide to tell anything"


def test_the_interval_of_one_draw_is_all_but_half_a_per_cent_on_either_side() -> None:
    assert given.quantile_interval(1, 0.5) == (pytest.approx(0.005), pytest.approx(0.995))


def test_a_server_whose_clock_has_ticks_counts_the_wait_from_the_nearest() -> None:
    """First asked at 0.0504 s, so there at 0.1004 s; its clock says 0.100, and each time-out is a whole tick."""
    hour = given.long_polling_hour((), 30.0, wait_s=9.9, rtt_s=0.1, start_s=0.0504, ticks_a_s=1000)
    assert (hour.requests, hour.useless) == (3, 3)
    assert hour.held_s == pytest.approx(30.05 - 0.0504, abs=1e-9)
    exact = given.long_polling_hour((), 30.0, wait_s=9.9, rtt_s=0.1, start_s=0.0504)
    assert exact.held_s == pytest.approx(30.0504 - 0.0504, abs=1e-9)
