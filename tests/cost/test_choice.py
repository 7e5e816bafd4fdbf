"""Which pattern for which system: each rule speaks when its number says so, and the best comes first."""

from __future__ import annotations

import pytest

from patterns.cost.model.choice import System, verdicts
from patterns.cost.model.fleet import Client, Machine, fleet

GIB = 2**30


def fits(system: System) -> dict[str, str]:
    return {verdict.pattern: verdict.fit for verdict in verdicts(system)}


@pytest.mark.parametrize(
    ("system", "best", "expected"),
    [
        (
            System(events_an_hour=0, staleness_s=10),
            "request-response",
            {"request-response": "fits", "short polling": "with a limit", "long polling": "fits", "push": "fits"},
        ),
        (
            System(events_an_hour=6, staleness_s=1, away=True, slow=True),
            "long polling",
            {
                "request-response": "does not fit",
                "short polling": "with a limit",
                "long polling": "fits",
                "push": "with a limit",
            },
        ),
        (
            System(events_an_hour=36_000, staleness_s=1),
            "short polling",
            {"request-response": "does not fit", "short polling": "fits", "long polling": "fits", "push": "fits"},
        ),
        (
            System(events_an_hour=72_000, staleness_s=0.07, rtt_s=0.05),
            "push",
            {
                "request-response": "does not fit",
                "short polling": "does not fit",
                "long polling": "with a limit",
                "push": "fits",
            },
        ),
    ],
    ids=["nothing happens", "a chat", "a busy feed, a second late", "a busy feed, at once"],
)
def test_the_best_comes_first(system: System, best: str, expected: dict[str, str]) -> None:
    assert verdicts(system)[0].pattern == best
    assert fits(system) == expected


@pytest.mark.parametrize(
    ("system", "pattern", "because"),
    [
        (
            System(events_an_hour=360, staleness_s=5),
            "short polling",
            ("asked every 5 s, 61% of the answers bring nothing",),
        ),
        (
            System(events_an_hour=360, staleness_s=0.09, rtt_s=0.05),
            "short polling",
            (
                "to be at most 90 ms late it would ask every 90 ms, and an answer takes 50 ms",
                "asked every 90 ms, 99% of the answers bring nothing",
            ),
        ),
        (
            System(events_an_hour=72_000, staleness_s=0.07, rtt_s=0.05),
            "long polling",
            (
                "1.0 events a round trip: hardly a question is held any more, each answer costs a question",
                "news that falls into the gap between two questions is up to 75 ms old",
            ),
        ),
        (
            System(events_an_hour=1, staleness_s=0.02, rtt_s=0.05, away=True, slow=True, plain_http=True),
            "push",
            (
                "half of 50 ms is already too late",
                "who is away misses it: it needs a log, and an offset to come back with",
                "a client that is too slow has to be dealt with: drop, disconnect, or wait for it",
                "by server-sent events: WebSocket does not get through",
            ),
        ),
        (
            System(events_an_hour=1, staleness_s=10, job=True),
            "request-response",
            (
                "the server cannot say by itself that something happened",
                "a request that takes long ties up the client and dies by a time-out on the way",
            ),
        ),
        (
            System(events_an_hour=0, staleness_s=300),
            "short polling",
            ("asked every 5 min, 100% of the answers bring nothing",),
        ),
    ],
)
def test_a_verdict_says_why(system: System, pattern: str, because: tuple[str, ...]) -> None:
    assert {verdict.pattern: verdict.because for verdict in verdicts(system)}[pattern] == because


@pytest.mark.parametrize("fields", [{"events_an_hour": -1.0}, {"staleness_s": 0.0}, {"clients": 0}, {"rtt_s": -0.1}])
def test_a_system_that_cannot_be_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^expected events and round trip of at least 0, a client, and a staleness"):
        System(**{"events_an_hour": 1.0, "staleness_s": 1.0, **fields})  # type: ignore[arg-type]  # numbers all


@pytest.mark.parametrize(
    ("client", "machines", "limit"),
    [
        (Client(10_600, 300, 0.001, 1_000), (10, 10, 11), "memory"),
        (Client(1_000, 10, 1.0, 1_000), (893, 893, 893), "requests"),
        (Client(1_000, 10, 0.0, 1_000), (8, 8, 8), "connections"),
    ],
)
def test_a_fleet_is_as_large_as_what_runs_out_first(client: Client, machines: tuple[int, int, int], limit: str) -> None:
    machine = Machine(memory_bytes=14.3 * GIB, cores=16, connections=1_250_000)
    needed = fleet(10_000_000, client, machine)
    assert (needed.machines, needed.least, needed.most) == machines
    assert needed.limit == limit
    assert needed.memory_bytes == pytest.approx(10_000_000 * client.memory_bytes)
    assert needed.memory_error_bytes == 10_000_000 * client.memory_error_bytes


def test_one_client_needs_a_machine_too() -> None:
    assert fleet(1, Client(10_000, 0, 0.0, 1_000)).machines == 1


def test_a_fleet_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected a client at least and a core that answers, got 0 and "):
        fleet(0, Client(1, 0, 0, 1))
