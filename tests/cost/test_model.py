"""The closed forms, each against a count by hand or a simulation at fixed seeds."""

from __future__ import annotations

import asyncio
import json
import math
import random
import statistics
from collections.abc import Callable

import pytest

from patterns.cost import model
from patterns.cost.model import given
from patterns.cost.workload import poisson

Z99 = 2.576  # 99% of a normal distribution lie within so many standard deviations


@pytest.mark.parametrize(
    ("how", "trips", "time_s"),
    [
        ("new connection", 20, 10 * (2 * 0.1 + 0.03)),
        ("keep-alive", 11, 0.1 + 10 * (0.1 + 0.03)),
        ("pipelined", 2, 2 * 0.1 + 10 * 0.03),
    ],
)
def test_ten_requests_take_their_round_trips_and_their_work(how, trips, time_s) -> None:
    assert model.round_trips(10, how) == trips
    assert model.request_response_time_s(10, 0.1, 0.03, how) == pytest.approx(time_s, rel=1e-12)


@pytest.mark.parametrize("how", ["new connection", "keep-alive", "pipelined"])
def test_one_request_takes_two_round_trips_however_it_is_sent_and_none_takes_none(how) -> None:
    assert model.round_trips(1, how) == 2
    assert model.round_trips(0, how) == 0
    assert model.request_response_time_s(0, 0.1, 0.03, how) == 0


def test_overhead_is_what_is_not_payload() -> None:
    assert model.overhead_bytes(80, 120, 3600) == 720_000
    assert model.overhead_share(80, 120, 200) == 0.5
    assert model.overhead_share(80, 120, 0) == 1.0
    assert model.overhead_share(0, 0, 0) == 0.0


def test_an_hour_of_pulling_by_hand() -> None:
    row = model.pulling(1 / 60, 5.0, 3600.0, 10, request_bytes=100, empty_response_bytes=80, event_bytes=50, rtt_s=0.2)
    assert row == model.Cost(
        pattern="pulling",
        messages_to_server=7200,
        messages_to_client=7200,
        bytes_to_server=720_000,
        bytes_to_client=7200 * 80 + 10 * 60 * 50,
        useless_responses=pytest.approx(7200 * math.exp(-1 / 12)),
        connections_held_s=36_000,
        staleness_p50_s=2.6,
        staleness_p99_s=pytest.approx(5.05),
        staleness_max_s=5.1,
        events_missed=0,
    )


def test_when_nothing_happens_every_answer_is_useless() -> None:
    row = model.pulling(0.0, 10.0, 3600.0)
    assert row.useless_responses == row.messages_to_client == 360


def attempts(link: random.Random, size: float, mean: float) -> tuple[float, int]:
    """Bytes sent and attempts made until `size` bytes pass in one go."""
    sent = 0.0
    for attempt in range(1, 1_000_000):
        survived = link.expovariate(1 / mean)
        if survived >= size:
            return sent + size, attempt
        sent += survived
    raise AssertionError("never got through")


def restarting(link: random.Random) -> float:
    return attempts(link, 2000 + 100, 1000)[0]


def resuming(link: random.Random) -> float:
    sent, left = 0.0, 2000.0
    while True:
        survived = link.expovariate(1 / 1000)
        sent += 10 + min(survived, left)
        if survived >= left:
            return sent
        left -= survived


def chunking(link: random.Random) -> float:
    return math.fsum(attempts(link, 250 + 10, 1000)[0] for _ in range(8))


@pytest.mark.parametrize(
    ("simulate", "expected"),
    [
        (restarting, model.restarted_bytes(2000, 1000, 100)),
        (resuming, model.resumed_bytes(2000, 1000, 10)),
        (chunking, model.chunked_bytes(2000, 250, 1000, 10)),
    ],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_transfers_over_a_failing_link_cost_what_a_simulation_costs(
    simulate: Callable[[random.Random], float], expected: float, seed: int
) -> None:
    link = random.Random(seed)
    costs = [simulate(link) for _ in range(4000)]
    error = Z99 * statistics.stdev(costs) / math.sqrt(len(costs))
    assert abs(statistics.fmean(costs) - expected) < error


def test_a_link_that_never_fails_costs_the_size_and_one_that_always_does_costs_without_bound() -> None:
    assert model.restarted_bytes(1000, 1e12) == pytest.approx(1000)
    assert model.resumed_bytes(1000, 1e12, 50) == pytest.approx(1050)
    assert model.restarted_bytes(10_000, 1000) / 10_000 == pytest.approx(2202.5, abs=0.1)
    assert model.restarted_bytes(1e9, 1) == math.inf


def test_the_best_chunk_is_near_the_root_of_twice_overhead_times_mean() -> None:
    best = min(range(100, 20_000, 10), key=lambda c: model.chunked_bytes(1e6, c, 1e5, 100))
    assert best == pytest.approx(math.sqrt(2 * 100 * 1e5), rel=0.05)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: model.round_trips(-1, "keep-alive"), "n is -1: the number of requests must be at least 0"),
        (
            lambda: model.round_trips(1, "keepalive"),
            "how is 'keepalive': expected 'new connection', 'keep-alive' or 'pipelined'",
        ),
        (lambda: model.pulling(1, 0, 10), "interval_s is 0: it must be above 0"),
        (lambda: model.long_polling(1, 0, 10), "wait_s is 0: it must be above 0"),
        (lambda: given.long_polling([], 0, 10), "wait_s is 0: it must be above 0"),
        (lambda: given.short_polling([], -1, 10), "interval_s is -1: it must be above 0"),
        (
            lambda: given.quantile_interval(0, 0.5),
            "expected n ≥ 1, q in 0 … 1, confidence between, got 0, 0.5, 0.99",
        ),
        (lambda: model.resumed_bytes(1, 0), "mean_bytes is 0: it must be above 0"),
        (lambda: model.restarted_bytes(1, -1), "mean_bytes is -1: it must be above 0"),
        (lambda: model.chunked_bytes(1, 0, 1), "chunk_bytes is 0: it must be above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call, text) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        call()
    assert str(caught.value) == text


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


def test_a_row_has_the_columns_of_the_course_with_their_units_and_cannot_be_changed() -> None:
    row = model.Cost("polling", 7200, 7200, 720_000, 579_000.0, 6624.4, 36_000, 2.6, 5.05, None, 0, 5000.0, 0.25)
    assert list(model.counted(row)) == [
        "pattern",
        "messages_to_server",
        "messages_to_client",
        "bytes_to_server",
        "bytes_to_client",
        "useless_responses",
        "connections_held_s",
        "staleness_p50_s",
        "staleness_p99_s",
        "staleness_max_s",
        "events_missed",
    ]
    with pytest.raises(AttributeError):
        row.pattern = "another"
    assert json.loads(model.to_json([row])) == [model.counted(row)]
    assert "memory" not in model.to_json([row])
    assert model.to_table([row, row]).splitlines() == [
        "pattern             polling  polling",
        "messages_to_server    7,200    7,200",
        "messages_to_client    7,200    7,200",
        "bytes_to_server     720,000  720,000",
        "bytes_to_client     579,000  579,000",
        "useless_responses   6,624.4  6,624.4",
        "connections_held_s   36,000   36,000",
        "staleness_p50_s         2.6      2.6",
        "staleness_p99_s        5.05     5.05",
        "staleness_max_s           –        –",
        "events_missed             0        0",
    ]
    assert model.to_table([]) == ""
