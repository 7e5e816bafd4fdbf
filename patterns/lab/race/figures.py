"""Three plots of a race: how old the news was, what it cost in messages and bytes, what was held for it.

In each of them the model is the line and the measurement the points, as everywhere in the course.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from patterns.cost.model import percentile
from patterns.cost.race import Finish
from patterns.lab.figures import model_and_measurement

SHARES = (1, 5, 10, 25, 50, 75, 90, 95, 99, 100)
"""Percentiles at which the measured staleness is marked; the model's line has a hundred."""


def staleness(finishes: Mapping[str, Finish]) -> Figure:
    """Which share of the deliveries was at most so old: seconds to the right, on a logarithmic scale."""
    return model_and_measurement(
        {
            name: (
                *(_quantiles(finish.model.staleness_s, range(101)) if finish.model else ((), ())),
                *_quantiles(finish.staleness_s, SHARES),
            )
            for name, finish in finishes.items()
        },
        xlabel="staleness: from the event until the client has it, s",
        ylabel="deliveries at most so old, %",
        title="How old is the news?",
        log_x=True,
    )


def _quantiles(ages_s: Sequence[float], shares: Sequence[int]) -> tuple[list[float], list[float]]:
    if not ages_s:
        return [], []
    return [max(percentile(ages_s, share), 1e-6) for share in shares], list(map(float, shares))
