"""The closed forms, each against a count by hand or a simulation at fixed seeds."""

from __future__ import annotations

import json
import math
import random
import statistics
from collections.abc import Callable

import pytest

from patterns.cost import model
from patterns.cost.model import given

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
