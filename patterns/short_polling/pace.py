"""Pace: how long to nap before asking again; seeded, and endless.

The problem: asking often finds news soon and is mostly in vain. The assumption: after many answers "not yet" the
next one is likely to be another. The bargain: naps that grow save questions and make the news older; naps
that are drawn at random keep many clients, who all began at the same moment, from coming back at the same moment.
"""

import random
from collections.abc import Callable, Iterator

Pace = Callable[[], Iterator[float]]
"""Begins a run of naps, in seconds; begun anew after each answer that brought news.

A seeded draw that is begun anew draws the same again: to go on drawing, begin once and hand out the same run,
`run = jittered(…, seed=7)` and `pace=lambda: run`.
"""


def fixed(interval_s: float) -> Iterator[float]:
    """interval_s, again and again."""
    _positive(interval_s=interval_s)
    while True:
        yield interval_s


def exponential(first_s: float, cap_s: float, *, factor: float = 2.0) -> Iterator[float]:
    """first_s, first_s · factor, first_s · factor², …, and cap_s when that is reached."""
    _positive(first_s=first_s, cap_s=cap_s)
    if not factor >= 1:
        raise ValueError(f"factor is {factor!r}: it must be at least 1, or the naps would shrink")
    nap_s = min(first_s, cap_s)
    while True:
        yield nap_s
        nap_s = min(nap_s * factor, cap_s)


def jittered(naps_s: Iterator[float], *, seed: int | str) -> Iterator[float]:
    """Each nap drawn evenly from 0 to what it would have been ("full jitter"); so half as long on average."""
    draw = random.Random(seed)
    for nap_s in naps_s:
        yield draw.uniform(0.0, nap_s)


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < float("inf"):
            raise ValueError(f"{name} is {value!r}: it must be above 0")
