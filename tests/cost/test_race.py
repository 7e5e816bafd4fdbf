"""The race: what is equal for all stays equal, every run gives the same rows, and a cheat is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from patterns import long_polling, purgatory, push, short_polling
from patterns.cost.race import Conditions, Finish, RaceError, Racer, race
from patterns.cost.workload import poisson
from patterns.wait.log import Event
from patterns.wire.listen import Address
from patterns.wire.tap.kafka import KAFKA

MINUTES = Conditions(tuple(poisson(0.2, 300, seed=7)), clients=3, duration_s=300, delay_s=0.02, seed=7)
RACERS = {
    "push": Racer(push),
    "short polling": Racer(short_polling, {"interval_s": 4.0}),
    "long polling": Racer(long_polling, {"wait_s": 20.0}),
    "purgatory": Racer(purgatory, {"wait_s": 20.0}, framing=KAFKA),
}


async def test_every_field_is_the_same_on_every_run() -> None:
    runs = [await race(RACERS, MINUTES) for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    assert list(runs[0]) == list(RACERS)


async def test_a_row_does_not_depend_on_who_else_runs() -> None:
    together = await race(RACERS, MINUTES)
    alone = await race({"long polling": RACERS["long polling"]}, MINUTES)
    assert alone["long polling"] == together["long polling"]


async def test_nobody_misses_an_event_and_staleness_is_that_of_every_delivery() -> None:
    for name, finish in (await race(RACERS, MINUTES)).items():
        assert finish.cost.events_missed == 0, name
        assert len(finish.staleness_s) == len(MINUTES.events) * MINUTES.clients
        assert max(finish.staleness_s) == finish.cost.staleness_max_s
        # No news outruns the path.
        assert min(finish.staleness_s) == pytest.approx(MINUTES.delay_s, abs=1e-9) or name == "short polling"


async def test_what_is_under_way_at_the_end_is_delivered_but_not_charged() -> None:
    last = Conditions((299.999,), clients=1, duration_s=300.0, delay_s=0.05)
    finish = (await race({"short polling": Racer(short_polling, {"interval_s": 10.0})}, last))["short polling"]
    assert (finish.cost.events_missed, len(finish.staleness_s)) == (0, 1)
    assert finish.cost.messages_to_server == 30
    assert finish.cost.connections_held_s == pytest.approx(300 - last.arrivals[0], abs=0.2)


async def test_the_seed_moves_the_clients_and_nothing_else() -> None:
    other = replace(MINUTES, seed=8)
    assert other.arrivals != MINUTES.arrivals
    assert all(0 <= arrival_s <= 1 for arrival_s in other.arrivals)
    assert list(other.arrivals) == sorted(other.arrivals)


async def test_progress_names_the_racer_and_ends_at_one() -> None:
    told: list[tuple[str, float]] = []
    await race(RACERS, MINUTES, progress=lambda name, share: told.append((name, share)))
    assert list(dict.fromkeys(name for name, _ in told)) == list(RACERS)
    assert dict(told) == dict.fromkeys(RACERS, 1.0)
    assert all(0 <= share <= 1 for _, share in told)


async def test_an_option_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"^long polling: expected options out of .*wait_s.*; got wait$"):
        await race({"long polling": Racer(long_polling, {"wait": 5.0})}, MINUTES)


def cheat(changed: Any) -> SimpleNamespace:
    """A pattern whose client makes something else of the events it gets."""

    async def follow(address: Address, offset: int = 0) -> AsyncIterator[Event]:
        async for event in push.follow(address, offset):
            for other in changed(event):
                yield other

    return SimpleNamespace(serve=push.serve, follow=follow)


@pytest.mark.parametrize(
    "changed",
    [
        lambda event: [event, event],
        lambda event: [replace(event, payload=b"else")],
        lambda event: [replace(event, offset=event.offset + 1)],
        lambda event: [event, Event(event.offset + 1, event.time_s, b"invented")],
    ],
    ids=["twice", "another payload", "out of order", "invented"],
)
async def test_a_client_that_makes_things_up_ends_the_race(changed: Any) -> None:
    with pytest.raises(RaceError, match=r"^cheat, client "):
        await race({"cheat": Racer(cheat(changed))}, MINUTES)


async def test_a_pattern_that_loses_events_is_told_after_another_duration() -> None:
    lossy = cheat(lambda event: [event] if event.offset < 5 else [])
    with pytest.raises(RaceError) as raised:
        await race({"lossy": Racer(lossy)}, MINUTES)
    count = len(MINUTES.events)
    assert str(raised.value) == (
        f"lossy: expected every client to have all {count} events another 300 s after the end, but some have 5"
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"clients": 0}, "expected at least 1 client, got 0"),
        ({"duration_s": 0.0}, "expected a duration above 0 s, got 0.0"),
        ({"events": (2.0, 1.0)}, "expected the events' times ascending from 0 on; sort them"),
        ({"events": (-1.0, 1.0)}, "expected the events' times ascending from 0 on; sort them"),
        ({"events": (1.0, 10.0)}, "expected every event before 10 s, got one at 10 s"),
    ],
)
def test_conditions_that_cannot_be_are_refused(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  # compared whole below
        Conditions(**{"events": (1.0,), "clients": 1, "duration_s": 10.0, **fields})
    assert str(refused.value) == text


async def test_a_race_that_is_cancelled_leaves_nothing() -> None:
    running = asyncio.create_task(race(RACERS, replace(MINUTES, duration_s=36_000.0)))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_a_finish_is_a_value() -> None:
    assert Finish.__dataclass_params__.frozen  # type: ignore[attr-defined]  # of dataclasses
