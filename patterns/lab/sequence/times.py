"""Instants and spans in words: one unit for a picture, as many digits as tell its instants apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Clock:
    """How a picture writes its instants: `unit`, and how many digits after the point."""

    origin_s: float
    unit: str
    per_s: float
    digits: int

    def tell(self, time_s: float) -> str:
        """An instant since the origin, without the unit."""
        text = f"{(time_s - self.origin_s) * self.per_s:,.{self.digits}f}"
        return text.replace("-0", "0") if not text.strip("-0.,") else text


def clock(instants_s: Sequence[float], origin_s: float) -> Clock:
    """ms up to two seconds from the origin, s beyond; as few digits, up to three, as keep the gaps between them."""
    since = sorted(at - origin_s for at in instants_s)
    unit, per_s = ("s", 1.0) if since and since[-1] > 2 else ("ms", 1000.0)
    told = [at * per_s for at in since]
    finest = min((gap for a, b in pairwise(told) if (gap := b - a) > 1e-4), default=1.0)
    digits = next((d for d in range(3) if all(abs(at - round(at, d)) <= finest / 10 for at in told)), 3)
    return Clock(origin_s, unit, per_s, digits)


def span(seconds: float) -> str:
    """A length of time for people: "0.4 ms", "59.9 s", "1 h 2 min"."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"
