"""Which pattern for which system: each rule speaks when its number says so, and the best comes first."""

from __future__ import annotations

import pytest

from patterns.cost.model import pulling
from patterns.cost.model.choice import System, verdicts
from patterns.cost.model.fleet import Client, Machine, Measured, fleet

GIB = 2**30


def fits(system: System) -> dict[str, str]:
    return {verdict.pattern: verdict.fit for verdict in verdicts(system)}


@pytest.mark.parametrize(
    ("system", "best", "expected"),
    [
        (
            System(events_an_hour=0, staleness_s=10),
            "request-response",
            {
                "request-response": "fits",
                "short polling": "with a limit",
                "long polling": "with a limit",
                "push": "with a limit",
            },
        ),
        (
            System(events_an_hour=200, staleness_s=1, away=True, slow=True),
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
            ("asked every 4.97 s, 61% of the answers bring nothing",),
        ),
        (
            System(events_an_hour=360, staleness_s=0.07, rtt_s=0.05),
            "short polling",
            (
                "asked as often as it can answer, every 50 ms, its news is up to 75 ms old",
                "asked every 50 ms, 100% of the answers bring nothing",
            ),
        ),
        (
            System(events_an_hour=360, staleness_s=0.09, rtt_s=0.05),
            "short polling",
            ("asked every 65 ms, 99% of the answers bring nothing",),
        ),
        (
            System(events_an_hour=36_000, staleness_s=0.2, rtt_s=0.5),
            "short polling",
            ("half of 500 ms is already too late",),
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
            System(events_an_hour=1, staleness_s=0.02, rtt_s=0.05, slow=True, plain_http=True),
            "push",
            (
                "half of 50 ms is already too late",
                "99% of the messages are heartbeats, though only 131 an hour and tiny",
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
            System(events_an_hour=1000, staleness_s=1, away=True),
            "push",
            (
                "one message for each event, in the moment in which it happens",
                "for who was away: a log, and an offset to come back with",
            ),
        ),
        (
            System(events_an_hour=6, staleness_s=1),
            "long polling",
            ("91% of the answers are time-outs, though only 62 an hour",),
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


@pytest.mark.parametrize(("staleness_s", "rtt_s"), [(1, 0.1), (0.075, 0.05), (5, 0)])
def test_short_polling_asks_so_that_no_news_is_older_than_it_may_be(staleness_s: float, rtt_s: float) -> None:
    system = System(events_an_hour=60, staleness_s=staleness_s, rtt_s=rtt_s)
    row = pulling(60 / 3600, system.interval_s, 3600, rtt_s=rtt_s)
    assert row.staleness_max_s == pytest.approx(staleness_s)


@pytest.mark.parametrize("fields", [{"events_an_hour": -1.0}, {"staleness_s": 0.0}, {"clients": 0}, {"rtt_s": -0.1}])
def test_a_system_that_cannot_be_is_refused(fields: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"^expected events and round trip of at least 0, a client, and a staleness"):
        System(**{"events_an_hour": 1.0, "staleness_s": 1.0, **fields})  # type: ignore[arg-type]  # numbers all


MACHINE = Machine(memory_bytes=14.3 * GIB, cores=16, connections=1_250_000)


@pytest.mark.parametrize(
    ("client", "machines", "limit"),
    [
        (Client(Measured(10_600, 300), 0.001), (10, 11), "memory"),
        (Client(Measured(1_000, 10), 1.0), (850, 993), "requests"),
        (Client(Measured(1_000, 10), 0.0), (8, 8), "connections"),
        (Client(Measured(1_000, 10)), (8, 8), "connections"),
    ],
)
def test_a_fleet_is_as_large_as_what_runs_out_first(client: Client, machines: tuple[int, int], limit: str) -> None:
    needed = fleet(10_000_000, client, Measured(1_000, 100), MACHINE)
    assert needed.limit == limit
    if limit != "requests":
        assert needed.machines == machines
    assert needed.memory_bytes == Measured(
        10_000_000 * client.memory_bytes.value, 10_000_000 * client.memory_bytes.error
    )


def test_each_limit_says_how_many_machines_it_alone_would_take_and_how_wrong_that_may_be() -> None:
    needed = fleet(10_000_000, Client(Measured(10_000, 1_000), 1.0), Measured(1_000, 100), MACHINE)
    memory, requests = needed.machines_by["memory"], needed.machines_by["requests"]
    assert memory.value == pytest.approx(9.304, abs=0.001)
    assert memory.error == pytest.approx(0.930, abs=0.001)
    assert requests.value == pytest.approx(892.86, abs=0.01)
    assert requests.value + requests.error == pytest.approx(992.06, abs=0.01), "a core may answer 900"
    assert needed.machines_by["connections"] == Measured(8.0)


def test_requests_whose_price_was_not_measured_are_no_limit() -> None:
    needed = fleet(10_000_000, Client(Measured(1_000)), Measured(1_000), MACHINE)
    assert needed.requests_per_s is None
    assert needed.machines_by.keys() == {"memory", "connections"}


def test_one_client_needs_a_machine_too() -> None:
    assert fleet(1, Client(Measured(10_000), 0.0), Measured(1_000)).machines == (1, 1)


@pytest.mark.parametrize(("clients", "core"), [(0, Measured(1)), (1, Measured(0)), (1, Measured(5, 5))])
def test_a_fleet_of_nobody_or_on_cores_that_answer_nothing_is_refused(clients: int, core: Measured) -> None:
    with pytest.raises(ValueError, match=r"^expected a client at least and a core that answers, got \d and Measured"):
        fleet(clients, Client(Measured(1)), core)
