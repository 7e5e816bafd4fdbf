"""The live plot as SVG text."""

import math
import random
import re
import time
import xml.etree.ElementTree as ElementTree

import pytest

from patterns.lab.panel.plot import Point, axis, describe, figure, line_plot, thin


def wave(count: int) -> list[Point]:
    return [(n / 10, 5 + 4 * math.sin(n / 9)) for n in range(count)]


@pytest.mark.parametrize(
    ("values", "from_zero", "ticks"),
    [
        ([], True, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([3.0], True, (0, 1, 2, 3)),
        ([0.0, 0.0], True, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([2.0, 98.0], True, (0, 20, 40, 60, 80, 100)),
        ([90.0, 98.0], False, (90, 92, 94, 96, 98)),
        ([-3.0, 4.0], True, (-4, -2, 0, 2, 4)),
        ([0.0, 0.00021], True, (0, 0.00005, 0.0001, 0.00015, 0.0002, 0.00025)),
        ([0.0, 1e9], True, (0, 2e8, 4e8, 6e8, 8e8, 1e9)),
        ([-5.0], False, (-5, -4, -3, -2, -1, 0)),
    ],
)
def test_ticks_are_round_and_hold_every_value(values: list[float], from_zero: bool, ticks: tuple[float, ...]) -> None:
    made = axis("time (s)", values, from_zero=from_zero)
    assert made.ticks == pytest.approx(ticks)
    assert all(made.low <= value <= made.high for value in values)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3, "3"), (0.25, "0.25"), (1234567, "1,234,567"), (12.3456, "12.35"), (0.001234, "0.001234"),
     (1e-9, "1e-09"), (2.5e9, "2,500,000,000"), (2.5e10, "2.5e+10"), (-40, "-40"),
     (99999.5, "100,000"),
     (9.9999, "10")],
)  # fmt: skip
def test_a_figure_is_written_for_people(value: float, text: str) -> None:
    assert figure(value) == text


def test_thinning_keeps_the_ends_and_every_extreme_of_its_stretch() -> None:
    points = [(float(n), random.Random(7).random()) for n in range(10_000)]
    points[5_003] = (5_003.0, 99.0)
    points[7_777] = (7_777.0, -99.0)
    thinned = thin(points, 300)
    assert len(thinned) <= 300
    assert thinned[0] == points[0]
    assert thinned[-1] == points[-1]
    assert points[5_003] in thinned
    assert points[7_777] in thinned
    assert sorted(thinned) == list(thinned)


def test_a_few_points_are_left_as_they_are() -> None:
    assert thin(wave(300), 300) == wave(300)


def test_the_plot_has_axes_with_units_a_legend_and_a_text_alternative() -> None:
    svg = line_plot("time (s)", "latency (ms)", {"new": [(0, 10), (1, 30)], "kept": [(0, 5), (1, 4)], "none": []})
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    assert root.attrib["data-testid"] == "plot"
    assert root.attrib["aria-label"] == (
        "Line plot of latency (ms) against time (s). new: latest 30 at 1, between 10 and 30. "
        "kept: latest 4 at 1, between 4 and 5. none: no values yet."
    )
    texts = [text.text for text in root.iter("text")]
    assert {"time (s)", "latency (ms)", "new", "kept", "none", "30"} <= set(texts)


def test_lines_differ_by_dash_and_marker_not_by_colour_alone() -> None:
    root = ElementTree.fromstring(line_plot("time (s)", "y", {name: wave(50) for name in "abcdef"}))
    lines = list(root.iter("polyline"))
    assert len({line.attrib["stroke-dasharray"] for line in lines}) == 6
    markers = {(path.attrib["fill"], path.attrib["d"]) for path in root.iter("path") if "fill" in path.attrib}
    assert len({shape for _, shape in markers}) == len(markers) == 6


def test_names_and_labels_cannot_smuggle_markup() -> None:
    svg = line_plot('<x> "s"', "<y>", {"<a & b>": wave(3)})
    ElementTree.fromstring(svg)
    assert "<a & b>" not in svg


def test_a_plot_without_points_is_a_plot() -> None:
    ElementTree.fromstring(line_plot("time (s)", "y", {"a": []}))
    assert describe("time (s)", "y", {"a": []}) == "Line plot of y against time (s). a: no values yet."


def test_every_point_lies_inside_the_frame() -> None:
    root = ElementTree.fromstring(line_plot("time (s)", "y", {"a": [(n, (-1) ** n * n) for n in range(1000)]}))
    (line,) = root.iter("polyline")
    for x, y in re.findall(r"([\d.]+) ([\d.]+)", line.attrib["points"]):
        assert 58 <= float(x) <= 708
        assert 30 <= float(y) <= 236


def test_a_frame_of_two_lines_of_500_points_costs_a_few_milliseconds() -> None:
    lines = {"a": wave(500), "b": wave(500)}
    best_s = 1.0
    for _ in range(20):
        start = time.perf_counter()
        line_plot("time (s)", "latency (ms)", lines)
        best_s = min(best_s, time.perf_counter() - start)
    assert best_s < 0.02
