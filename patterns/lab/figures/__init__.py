"""Figures: the model as a line, the measurement as points, on one pair of axes.

The problem: a plot made for a white page is unreadable on a dark one, and says nothing to who cannot see it.
The assumption: a notebook shows inline SVG, and a stylesheet knows the theme.
The bargain: matplotlib draws with stand-in colours that are replaced by the page's own variables, so one
picture fits both themes; and no figure is shown without a text that says what it shows.

Nothing here touches pyplot, and matplotlib's settings are changed under a lock and put back, so a figure may
be drawn in any thread.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from patterns.lab.figures.look import DASHES, HATCHES, INK, MARKERS, SERIES, SOFT, settings
from patterns.lab.figures.picture import TABLES, Picture, save, show
from patterns.lab.table import Table

__all__ = ["Picture", "draw", "model_and_measurement", "save", "several", "show", "stacked"]

Series = tuple[Sequence[float], Sequence[float], Sequence[float], Sequence[float]]
"""x and y of the model's line, x and y of the measured points; either pair may be empty."""

_APART = 0.07
"""Least distance of two names beside the axes, as a share of the axes' height."""
PLACES = 9
"""How many places of a line without points the table has."""


def model_and_measurement(
    series: Mapping[str, Series],
    *,
    xlabel: str,
    ylabel: str,
    title: str,
    log_x: bool = False,
    log_y: bool = False,
) -> Figure:
    """Each series' model as a line and its measurement as points, in a colour, a dash and a marker of its own.

    `xlabel` and `ylabel` name the quantity and its unit. The names stand beside the ends of the lines. At
    most six series (`ValueError`).
    """
    with settings():
        figure, axes = _axes(xlabel, ylabel, title)
        draw(axes, series, log_x=log_x, log_y=log_y)
    TABLES[figure] = Table(("", xlabel, f"{ylabel}: model", "measured"), _points(series))
    return figure


def draw(axes: Axes, series: Mapping[str, Series], *, log_x: bool = False, log_y: bool = False) -> None:
    """The same on axes that there are already: for a figure of several."""
    if len(series) > len(SERIES):
        raise ValueError(f"expected at most {len(SERIES)} series, got {len(series)}; draw two figures")
    with settings():
        axes.set_xscale("log" if log_x else "linear")
        axes.set_yscale("log" if log_y else "linear")
        handles = []
        for (line_x, line_y, point_x, point_y), colour, dash, marker in zip(
            series.values(), SERIES, DASHES, MARKERS, strict=False
        ):
            if len(line_x):
                axes.plot(line_x, line_y, color=colour, linestyle=dash, linewidth=1.6)
            if len(point_x):
                axes.plot(point_x, point_y, marker, color=colour, markersize=5.5, clip_on=False)
            looks = {"linestyle": dash if len(line_x) else "", "marker": marker if len(point_x) else ""}
            handles.append({"color": colour, "linewidth": 1.6, "markersize": 5.5, **looks})
        if not log_y and axes.get_ylim()[0] > 0 and axes.get_ylim()[0] < 0.5 * axes.get_ylim()[1]:
            axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        for axis, logarithmic in ((axes.xaxis, log_x), (axes.yaxis, log_y)):
            axis.set_major_formatter(_plain)
            if logarithmic:
                axis.set_major_locator(LogLocator(subs=_labelled(axis)))
                axis.set_minor_locator(NullLocator())
        axes.autoscale_view()  # the names stand by the limits
        _names(axes, series, handles)
        if any(len(one[0]) for one in series.values()) and any(len(one[2]) for one in series.values()):
            axes.text(
                1,
                1.035,
                "line: model · points: measured",
                transform=axes.transAxes,
                ha="right",
                color=SOFT,
                fontsize=8.5,
            )


def stacked(bars: Sequence[str], parts: Mapping[str, Sequence[float]], *, xlabel: str, title: str) -> Figure:
    """A horizontal bar for each of `bars`, made of `parts` in order, its total at its end.

    Each part has a colour and a hatch of its own; at most six parts (`ValueError`). `xlabel` names the
    quantity and its unit.
    """
    if len(parts) > len(SERIES):
        raise ValueError(f"expected at most {len(SERIES)} parts, got {len(parts)}; put the smallest together")
    with settings():
        figure, axes = _axes(xlabel, "", title)
        left = [0.0] * len(bars)
        for (label, widths), colour, hatch in zip(parts.items(), SERIES, HATCHES, strict=False):
            axes.barh(
                bars, widths, 0.62, left=left, color=colour, hatch=hatch, edgecolor=INK, linewidth=0.5, label=label
            )
            left = [before + width for before, width in zip(left, widths, strict=True)]
        for place, total in enumerate(left):
            axes.annotate(_plain(total, 0), (total, place), (6, 0), textcoords="offset points", va="center")
        columns = 4 if len(parts) == 4 else 3
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_formatter(_plain)
        axes.grid(axis="x")
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0),
            ncols=columns,
            fontsize=9,
            handlelength=1.6,
            columnspacing=1.6,
        )
        axes.set_title(title, pad=14 + 15 * -(-len(parts) // columns))
    rows = ((bar, *(widths[n] for widths in parts.values()), left[n]) for n, bar in enumerate(bars))
    TABLES[figure] = Table(("", *parts, "together"), rows, caption=xlabel)
    return figure


def _labelled(axis: Axis) -> tuple[float, ...]:
    """Which multiples of a power of ten have a label: all of 1, 2 and 5 where few powers are in sight."""
    low, high = axis.get_data_interval()
    return (1.0, 2.0, 5.0) if low <= 0 or high / low < 1000 else (1.0,)


def _points(series: Mapping[str, Series]) -> Iterator[tuple[object, ...]]:
    """Each measured point beside its line; of a line without points some places, its two ends among them."""
    for name, (line_x, line_y, point_x, point_y) in series.items():
        line = sorted(zip(line_x, line_y, strict=True))
        for x, y in zip(point_x, point_y, strict=True):
            yield name, x, _on_line(line, x), y
        if not len(point_x):
            every = max(1, (len(line) - 1) / (PLACES - 1))
            for place in dict.fromkeys(round(n * every) for n in range(min(PLACES, len(line)))):
                yield name, *line[place], None


def _on_line(line: Sequence[tuple[float, float]], x: float) -> float | None:
    """The height of the drawn line at x; None beyond its ends."""
    after = bisect_left(line, (x,))
    if after < len(line) and line[after][0] == x:
        return line[after][1]
    if after in (0, len(line)):
        return None
    (x0, y0), (x1, y1) = line[after - 1 : after + 1]
    return y0 + (x - x0) / (x1 - x0) * (y1 - y0)


def _axes(xlabel: str, ylabel: str, title: str) -> tuple[Figure, Axes]:
    figure, (axes,) = several({title: (xlabel, ylabel)})
    return figure, axes


def several(labels: Mapping[str, tuple[str, str]]) -> tuple[Figure, Sequence[Axes]]:
    """A figure with axes one below the other: title → (xlabel, ylabel)."""
    with settings():
        figure = Figure(figsize=(7.2, 3.4 * len(labels)), layout="constrained")
        found: list[Axes] = list(figure.subplots(len(labels), squeeze=False)[:, 0])
        for axes, (title, (xlabel, ylabel)) in zip(found, labels.items(), strict=True):
            axes.set(xlabel=xlabel, ylabel=ylabel)
            axes.set_title(title, pad=22)
    return figure, found


def _names(axes: Axes, series: Mapping[str, Series], handles: Sequence[dict[str, Any]]) -> None:
    """Each name beside the end of its line, with a piece of it; apart where the ends are close."""
    ends = []
    for name, (line_x, line_y, point_x, point_y) in series.items():
        x, y = max([*zip(line_x, line_y, strict=True), *zip(point_x, point_y, strict=True)], default=(1.0, 1.0))
        ends.append((axes.transAxes.inverted().transform(axes.transData.transform((x, y)))[1], name))
    order = sorted(range(len(ends)), key=lambda n: ends[n][0])
    for n, height in zip(order, _spread([ends[n][0] for n in order]), strict=True):
        sample = Line2D(
            [1.025, 1.055, 1.085], [height] * 3, transform=axes.transAxes, clip_on=False, markevery=[1], **handles[n]
        )
        axes.add_line(sample)
        axes.text(1.1, height, ends[n][1], transform=axes.transAxes, va="center", fontsize=9.5)


def _spread(heights: Sequence[float]) -> list[float]:
    """The heights, in order, moved as little as keeps them `_APART`: neighbours too close share their middle."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([height])
        while len(groups) > 1:
            below, above = groups[-2], groups[-1]
            room = (len(below) + len(above)) / 2 * _APART
            if sum(above) / len(above) - sum(below) / len(below) >= room:
                break
            groups[-2:] = [below + above]
    return [
        sum(group) / len(group) + (n - (len(group) - 1) / 2) * _APART for group in groups for n in range(len(group))
    ]


def _plain(value: float, _position: float) -> str:
    """As people write it: 100,000 and 0.05, no powers of ten and no trailing zeros."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
