"""A line plot as SVG text: pure, cheap enough for ten a second beside a live server.

The problem: a live plot drawn by a plotting library blocks the loop for tens of milliseconds a frame, and so
distorts the very latencies it shows.
The assumption: a few hundred points a line say what ten thousand do, if the extremes are among them.
The bargain: no zoom, no legend to click; in return a frame costs a millisecond or two.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from patterns.lab.style import escape

Point = tuple[float, float]

THIN = 300
WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 30, 44

_DASHES = ("", "7 4", "2 4", "9 3 2 3", "12 4", "4 2")
_MARKS = (
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
    "M-3.2 -3.2h6.4v6.4h-6.4z",
    "M0 -4.2L4 3H-4z",
    "M0 -4.5L4 0L0 4.5L-4 0z",
    "M-4 -1h3v-3h2v3h3v2h-3v3h-2v-3h-3z",
    "M0 4.2L4 -3H-4z",
)
MOST_SERIES = len(_MARKS)


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, with its unit, as in "time (s)"."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Where `value` lies: 0 at the low end, 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


def axis(label: str, values: Sequence[float], *, from_zero: bool, steps: int = 5) -> Axis:
    """An axis over `values` with about `steps` round ticks, 1, 2 or 5 times a power of ten apart.

    Starts at zero when asked and nothing is negative; one value, or none, still makes an axis.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero and low >= 0:
        low = 0.0
    if high <= low:
        high = low + (abs(low) or 1.0)
    rough = (high - low) / steps
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(number * step, 12) for number in range(first, last + 1))
    return Axis(label, ticks[0], ticks[-1], ticks)


def thin(points: Sequence[Point], most: int = THIN) -> Sequence[Point]:
    """At most `most` of the points, in order: first and last, and of each stretch its lowest and highest."""
    if len(points) <= most:
        return points
    inner, stretches = len(points) - 2, (most - 2) // 2
    kept = [points[0]]
    for number in range(stretches):
        start, end = 1 + number * inner // stretches, 1 + (number + 1) * inner // stretches
        low = min(range(start, end), key=lambda index: points[index][1])
        high = max(range(start, end), key=lambda index: points[index][1])
        kept += [points[index] for index in sorted({low, high})]
    return [*kept, points[-1]]


def figure(value: float) -> str:
    """A number for people: four significant digits, thousands apart, no trailing zeros."""
    if value == 0:
        return "0"
    if abs(value) >= 1e10 or abs(value) < 1e-3:
        return f"{value:.3g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def describe(x_label: str, y_label: str, series: Mapping[str, Sequence[Point]]) -> str:
    """The plot in words: what is shown, and of each line the latest value and the range."""
    parts = [f"Line plot of {y_label} against {x_label}."]
    for name, points in series.items():
        if points:
            values = [y for _, y in points]
            parts.append(
                f"{name}: latest {figure(points[-1][1])} at {figure(points[-1][0])}, "
                f"between {figure(min(values))} and {figure(max(values))}."
            )
        else:
            parts.append(f"{name}: no values yet.")
    return " ".join(parts)


def line_plot(x_label: str, y_label: str, series: Mapping[str, Sequence[Point]]) -> str:
    """The SVG element: axes with ticks and units, legend, and a line a series, told apart by dash and marker.

    `role="img"`, with the plot in words as its label. Colours are the style sheet's `--bcp-1` … `--bcp-6`.
    """
    x = axis(x_label, [at for points in series.values() for at, _ in points], from_zero=False, steps=8)
    y = axis(y_label, [value for points in series.values() for _, value in points], from_zero=True)
    words = escape(describe(x_label, y_label, series), quote=True)
    body = "".join([*_frame(x, y), *_legend(list(series)), *_lines(x, y, series)])
    return (
        f'<svg data-testid="plot" role="img" aria-label="{words}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}">{body}</svg>'
    )


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.at(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.at(value) * (HEIGHT - TOP - BOTTOM)


def _frame(x: Axis, y: Axis) -> Iterator[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in y.ticks:
        at = _y(y, tick)
        stroke = "var(--bcp-soft)" if tick == y.low else "var(--bcp-line)"
        yield f'<path d="M{LEFT} {at:.1f}H{right}" stroke="{stroke}" stroke-width="1"/>'
        yield f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{figure(tick)}</text>'
    for tick in x.ticks:
        at = _x(x, tick)
        yield f'<path d="M{at:.1f} {bottom}v4" stroke="var(--bcp-soft)" stroke-width="1"/>'
        anchor = "end" if tick == x.high and len(figure(tick)) > 3 else "middle"
        yield f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="{anchor}">{figure(tick)}</text>'
    yield f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x.label)}</text>'
    yield (
        f'<text transform="translate(13 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.label)}</text>"
    )


def _legend(names: Sequence[str]) -> Iterator[str]:
    at = float(LEFT)
    for number, name in enumerate(names):
        colour = f"var(--bcp-{number + 1})"
        dash = _DASHES[number]
        yield f'<path d="M{at:.0f} 12h28" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        yield f'<path d="{_MARKS[number]}" transform="translate({at + 14:.0f} 12)" fill="{colour}"/>'
        yield f'<text x="{at + 34:.0f}" y="16">{escape(name)}</text>'
        at += 34 + 6.2 * len(name) + 24


def _lines(x: Axis, y: Axis, series: Mapping[str, Sequence[Point]]) -> Iterator[str]:
    for number, points in enumerate(series.values()):
        if not points:
            continue
        colour = f"var(--bcp-{number + 1})"
        at = [f"{_x(x, px):.1f} {_y(y, py):.1f}" for px, py in thin(points)]
        yield (
            f'<polyline points="{" ".join(at)}" fill="none" stroke="{colour}" stroke-width="1.8" '
            f'stroke-linejoin="round" stroke-dasharray="{_DASHES[number]}"/>'
        )
        # A few markers tell the lines apart without colour; the last one is always the latest value.
        every = max(1, len(at) // 10)
        for place in at[::-1][::every]:
            yield f'<path d="{_MARKS[number]}" transform="translate({place})" fill="{colour}"/>'
