"""The lessons' patterns raced, beside the formulas that knew beforehand."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from patterns.cost.model import Cost, given, percentile
from patterns.cost.race import Conditions, Expected, Finish, race
from patterns.cost.workload import poisson
from patterns.lab.race import racers, standings, to_json

HALF_HOUR_S = 1800.0


def conditions(
    rate_per_s: float, clients: int, delay_s: float, seed: int, duration_s: float = HALF_HOUR_S
) -> Conditions:
    return Conditions(tuple(poisson(rate_per_s, duration_s, seed=seed)), clients, duration_s, delay_s, seed=seed)


RACES = {
    "as the command has it": (conditions(0.1, 5, 0.01, 1), {}),
    "rare events, long ways": (conditions(0.01, 4, 0.2, 2), {"interval_s": 30.0, "wait_s": 60.0}),
    "more events than polls": (conditions(2.0, 2, 0.05, 3, 300.0), {"interval_s": 5.0, "wait_s": 10.0}),
    "no events at all": (conditions(0.0, 2, 0.05, 4), {"interval_s": 10.0, "wait_s": 20.0}),
    "long naps and long silences": (conditions(0.01, 2, 0.02, 6), {"interval_s": 200.0, "wait_s": 300.0}),
    "no way at all": (conditions(0.05, 3, 0.0, 5), {"interval_s": 7.0, "wait_s": 13.0}),
}
each_race = pytest.mark.parametrize("name", RACES)


@each_race
async def test_what_was_measured_is_within_five_per_cent_of_what_was_expected(name: str) -> None:
    given_conditions, options = RACES[name]
    for pattern, finish in (await race(racers(**options), given_conditions)).items():
        assert finish.model is not None
        measured, expected = finish.cost, finish.model.cost
        for column in ("messages_to_server", "messages_to_client", "bytes_to_server", "bytes_to_client"):
            # The answers to each client's last request may come after the end.
            slack = given_conditions.clients * (150 if column.startswith("bytes") else 1)
            assert getattr(measured, column) == pytest.approx(getattr(expected, column), rel=0.05, abs=slack), (
                f"{pattern}: {column}"
            )
        assert measured.connections_held_s == pytest.approx(expected.connections_held_s, rel=0.001)
        assert measured.useless_responses == pytest.approx(expected.useless_responses, abs=2 * given_conditions.clients)
        assert measured.events_missed == expected.events_missed == 0


@each_race
async def test_news_is_as_old_as_was_expected_delivery_by_delivery(name: str) -> None:
    given_conditions, options = RACES[name]
    for pattern, finish in (await race(racers(**options), given_conditions)).items():
        assert finish.model is not None
        assert sorted(finish.staleness_s) == pytest.approx(sorted(finish.model.staleness_s), abs=1e-6), pattern


async def test_the_staleness_of_short_polling_lies_where_the_closed_form_says_with_99_per_cent() -> None:
    """Uniform on 0 … Δ, and half a round trip on top; of each client on its own, whose arrivals are independent."""
    interval_s, delay_s = 5.0, 0.02
    alone = conditions(0.1, 1, delay_s, 11, 7200.0)
    finish = (await race(racers(interval_s=interval_s), alone))["short polling"]
    shares = (0.25, 0.5, 0.75, 0.99)
    for q in shares:  # all four together with 99 % (Bonferroni)
        low, high = given.quantile_interval(len(finish.staleness_s), q, 1 - 0.01 / len(shares))
        measured_s = percentile(finish.staleness_s, 100 * q) - delay_s
        assert interval_s * low <= measured_s <= interval_s * high, q


def test_the_standings_have_a_column_measured_and_one_expected_for_each() -> None:
    row = Cost("push", 2, 3, 400, 50_000, 0, 7200.0, 0.01, 0.02, None, 1)
    finishes = {"push": Finish(row, (0.01,), Expected(replace(row, messages_to_server=2.4), (0.01,)))}
    assert str(standings(finishes, "a caption")) == "\n".join(
        [
            "a caption",
            "                     push    expected",
            "requests             2       2",
            "answers              3       3",
            "of them useless      0       0",
            "bytes to server      400     400",
            "bytes to client      50,000  50,000",
            "connections held, h  2       2",
            "staleness p50, s     0.01    0.01",
            "staleness p99, s     0.02    0.02",
            "staleness max, s     –       –",
            "events missed        1       1",
        ]
    )


async def test_the_json_holds_nothing_of_the_machine_and_is_the_same_text_on_every_run() -> None:
    short = conditions(0.1, 2, 0.01, 1, 300.0)
    texts = {to_json(short, {"interval_s": 5.0}, await race(racers(), short)) for _ in range(3)}
    (text,) = texts
    told = json.loads(text)
    assert told["conditions"] == {
        "events": len(short.events),
        "clients": 2,
        "duration_s": 300.0,
        "delay_s": 0.01,
        "payload_bytes": 100,
        "seed": 1,
        "interval_s": 5.0,
    }
    names = ["push", "short polling", "long polling", "purgatory"]
    assert [row["measured"]["pattern"] for row in told["patterns"]] == names
    counted = {field.name for field in fields(Cost)} - {
        "server_memory_per_connection_bytes",
        "server_cpu_per_connection_s",
    }
    for row in told["patterns"]:
        assert row["measured"].keys() == row["expected"].keys() == counted
