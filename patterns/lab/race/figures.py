"""Three plots of a race: how old the news was, what it cost in messages and bytes, what was held for it.

In each of them the model is the line and the measurement the points. The lines go further than the race: the same
racers with rarer and with more frequent events, with fewer and with more clients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from patterns.cost.model import percentile
from patterns.cost.race import Conditions, Expected, Finish, Racer
from patterns.cost.workload import poisson
from patterns.lab.figures import Series, draw, model_and_measurement, several

AGES = (0, 1, 5, 10, 25, 50, 75, 90, 95, 99, 100)  # percentiles of the staleness that was measured
TIMES = (1 / 10, 1 / 5, 1 / 2, 1, 2, 5, 10)  # the race's rate, or its clients, so many times

STALENESS = ("How old is the news?", "staleness: from the event until the client has it, s", "deliveries, %")
MESSAGES = ("What is said", "events an hour", "messages an hour, both ways")
BYTES = ("What crosses the wire", "events an hour", "kB an hour, both ways")
HELD = ("What is held", "clients", "connections held, hours in an hour")

Lines = dict[str, Series]


def staleness(finishes: Mapping[str, Finish]) -> Figure:
    """Which share of the deliveries was at most so old; seconds to the right, logarithmic."""
    title, xlabel, ylabel = STALENESS
    return model_and_measurement(_staleness(finishes), title=title, xlabel=xlabel, ylabel=ylabel, log_x=True)


def messages(racers: Mapping[str, Racer], conditions: Conditions, finishes: Mapping[str, Finish]) -> Figure:
    """Messages an hour against the events' rate."""
    title, xlabel, ylabel = MESSAGES
    lines = _against_the_rate(racers, conditions, finishes)[0]
    return model_and_measurement(lines, title=title, xlabel=xlabel, ylabel=ylabel, log_x=True, log_y=True)


def size(racers: Mapping[str, Racer], conditions: Conditions, finishes: Mapping[str, Finish]) -> Figure:
    """Kilobytes an hour against the events' rate."""
    title, xlabel, ylabel = BYTES
    lines = _against_the_rate(racers, conditions, finishes)[1]
    return model_and_measurement(lines, title=title, xlabel=xlabel, ylabel=ylabel, log_x=True, log_y=True)


def held(racers: Mapping[str, Racer], conditions: Conditions, finishes: Mapping[str, Finish]) -> Figure:
    """Connections held against the number of clients."""
    title, xlabel, ylabel = HELD
    lines = _held(racers, conditions, finishes)
    return model_and_measurement(lines, title=title, xlabel=xlabel, ylabel=ylabel)


def plots(racers: Mapping[str, Racer], conditions: Conditions, finishes: Mapping[str, Finish]) -> Figure:
    """All of them in one figure, one below the other."""
    said, crossed = _against_the_rate(racers, conditions, finishes)
    figure, axes = several({title: (xlabel, ylabel) for title, xlabel, ylabel in (STALENESS, MESSAGES, BYTES, HELD)})
    draw(axes[0], _staleness(finishes), log_x=True)
    draw(axes[1], said, log_x=True, log_y=True)
    draw(axes[2], crossed, log_x=True, log_y=True)
    draw(axes[3], _held(racers, conditions, finishes))
    return figure


def _staleness(finishes: Mapping[str, Finish]) -> Lines:
    return {
        name: (*_ages(finish.model.staleness_s if finish.model else (), range(101)), *_ages(finish.staleness_s, AGES))
        for name, finish in finishes.items()
    }


def _ages(ages_s: Sequence[float], shares: Sequence[int]) -> tuple[list[float], list[float]]:
    """Percentiles; nothing is younger than a microsecond, as the scale is logarithmic."""
    if not ages_s:
        return [], []
    return [max(percentile(ages_s, share), 1e-6) for share in shares], list(map(float, shares))


def _against_the_rate(
    racers: Mapping[str, Racer], conditions: Conditions, finishes: Mapping[str, Finish]
) -> tuple[Lines, Lines]:
    """Messages and kilobytes an hour, for rates around the race's own."""
    hours = conditions.duration_s / 3600
    rates = [len(conditions.events) / hours * times for times in TIMES if conditions.events]
    said: Lines = {}
    crossed: Lines = {}
    for name, racer in racers.items():
        rows = [
            _expected(racer, replace(conditions, events=events)).cost
            for rate in rates
            if racer.model
            for events in [tuple(poisson(rate / 3600, conditions.duration_s, seed=conditions.seed))]
        ]
        row = finishes[name].cost
        here = [len(conditions.events) / hours] if conditions.events else []
        said[name] = (
            rates[: len(rows)],
            [(one.messages_to_server + one.messages_to_client) / hours for one in rows],
            here,
            [(row.messages_to_server + row.messages_to_client) / hours for _ in here],
        )
        crossed[name] = (
            rates[: len(rows)],
            [(one.bytes_to_server + one.bytes_to_client) / 1000 / hours for one in rows],
            here,
            [(row.bytes_to_server + row.bytes_to_client) / 1000 / hours for _ in here],
        )
    return said, crossed


def _held(racers: Mapping[str, Racer], conditions: Conditions, finishes: Mapping[str, Finish]) -> Lines:
    """Connection-hours an hour, for one client up to twice as many as raced."""
    counts = sorted({1, conditions.clients, 2 * conditions.clients})
    return {
        name: (
            list(map(float, counts)) if racer.model else [],
            [
                _expected(racer, replace(conditions, clients=count)).cost.connections_held_s / conditions.duration_s
                for count in counts
                if racer.model
            ],
            [float(conditions.clients)],
            [finishes[name].cost.connections_held_s / conditions.duration_s],
        )
        for name, racer in racers.items()
    }


def _expected(racer: Racer, conditions: Conditions) -> Expected:
    assert racer.model is not None
    return racer.model(conditions)
