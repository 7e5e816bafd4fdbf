"""Figures: readable in both themes, told in words, alone on the page, and without a trace in matplotlib."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure

from patterns.lab.figures import Series, model_and_measurement, save, show, stacked
from patterns.lab.figures.look import LINE, SERIES, SOFT

LINES: dict[str, Series] = {
    "new connection": ([1, 50], [0.2, 8.0], [1, 25, 50], [0.2, 4.1, 8.1]),
    "kept": ([1, 50], [0.2, 4.0], [], []),
}


def plot(lines: dict[str, Series] = LINES, *, title: str = "Time", log: bool = False) -> Figure:
    return model_and_measurement(lines, xlabel="requests", ylabel="time, s", title=title, log_x=log, log_y=log)


def texts(svg: str) -> list[str]:
    return ["".join(text.itertext()).strip() for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_axes_have_their_units_and_lines_their_names() -> None:
    found = texts(show(plot(), alt="two lines").svg)
    for word in ("requests", "time, s", "Time", "new connection", "kept", "line: model · points: measured"):
        assert word in found


def test_a_figure_is_an_image_with_its_words() -> None:
    picture = show(plot(), alt='50 requests take "8.1 s" & <more>')
    root = ET.fromstring(picture.svg)
    assert (root.get("role"), root.get("aria-label")) == ("img", '50 requests take "8.1 s" & <more>')
    assert repr(picture) == '[figure: 50 requests take "8.1 s" & <more>]'
    assert picture.svg in picture._repr_html_()


def test_a_figure_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^expected a text alternative, got none"):
        show(plot(), alt=" ")


def test_colours_are_the_pages_own_and_nothing_else_is() -> None:
    for figure in (plot(), stacked(["a"], {"head": [1], "body": [2]}, xlabel="bytes", title="Cost")):
        svg = show(figure, alt="x").svg
        assert "var(--bcp-ink" in svg
        assert "var(--bcp-1,#0072b2)" in svg
        left = re.sub(r"var\(--[a-z0-9-]+,#[0-9a-f]{6}\)", "", re.sub(r'href="#[^"]*"|url\(#[^)]*\)', "", svg))
        assert not re.search(r"#[0-9a-f]{6}", left)


def test_a_figure_drawn_elsewhere_is_readable_on_dark_too() -> None:
    figure = Figure()
    figure.subplots().plot([1, 2], color="black")
    assert "#000000" not in re.sub(r"var\([^)]*\)", "", show(figure, alt="a line").svg)


def test_the_background_is_the_pages() -> None:
    root = ET.fromstring(show(plot(), alt="x").svg)
    figure = next(group for group in root.iter() if (group.get("id") or "").endswith("figure_1"))
    patch = next(iter(figure))
    assert "fill: none" in "".join(str(path.get("style")) for path in patch)


def test_the_same_figure_gives_the_same_text() -> None:
    assert show(plot(), alt="x").svg == show(plot(), alt="x").svg


def test_two_figures_on_a_page_share_no_id_and_every_reference_is_met() -> None:
    svgs = [show(plot(title=title), alt="x").svg for title in ("one", "two")]
    ids = [set(re.findall(r'\bid="([^"]*)"', svg)) for svg in svgs]
    assert ids[0]
    assert not ids[0] & ids[1]
    for svg, own in zip(svgs, ids, strict=True):
        assert set(re.findall(r'href="#([^"]*)"|url\(#([^)]*)\)', svg)) <= {
            pair for one in own for pair in ((one, ""), ("", one))
        }


def test_text_stays_text_in_the_pages_font() -> None:
    svg = show(plot(), alt="x").svg
    assert "var(--jp-ui-font-family" in svg
    assert "DejaVu" not in svg


def test_a_figure_brings_no_style_sheet_that_would_hold_for_the_whole_page() -> None:
    assert "<style" not in show(plot(), alt="x").svg


def test_titles_are_text_not_markup_nor_mathematics() -> None:
    svg = show(plot(title="<script>$x^2$ & more"), alt="x").svg
    assert "<script>" not in svg
    assert "<script>$x^2$ & more" in texts(svg)


def test_names_beside_lines_that_end_together_stand_apart() -> None:
    ends: dict[str, Series] = {f"line {n}": ([1, 2], [1, 2 + n / 1000], [], []) for n in range(6)}
    figure = plot(ends)
    axes = figure.axes[0]
    heights = sorted(text.get_position()[1] for text in axes.texts if text.get_text().startswith("line "))
    assert len(heights) == 6
    assert all(later - earlier > 0.069 for earlier, later in pairwise(heights))


def test_logarithmic_axes_are_labelled_in_plain_numbers() -> None:
    found = texts(show(plot({"bytes": ([1, 100_000], [1, 100_000], [10], [10])}, log=True), alt="x").svg)
    assert {"1", "100", "10,000"} <= set(found)


def test_one_point_and_no_line_is_a_figure_too() -> None:
    assert "only" in texts(show(plot({"only": ([], [], [3], [4])}), alt="x").svg)


@pytest.mark.parametrize("count", [7, 20])
def test_more_than_six_of_anything_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"^expected at most 6 series, got {count}; draw two figures$"):
        plot({str(n): LINES["kept"] for n in range(count)})
    with pytest.raises(ValueError, match=f"^expected at most 6 parts, got {count}; put the smallest together$"):
        stacked(["a"], {str(n): [1] for n in range(count)}, xlabel="bytes", title="x")


def test_bars_show_their_parts_and_their_totals() -> None:
    costs = stacked(["new", "kept"], {"head": [1000, 71], "body": [234, 5]}, xlabel="bytes", title="Cost")
    found = texts(show(costs, alt="x").svg)
    assert {"new", "kept", "head", "body", "bytes", "1,234", "76"} <= set(found)


def cells(html: str) -> list[list[str]]:
    table = html[html.index("<table") : html.index("</table>") + 8]
    return [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(table).iter("tr")]


def test_under_a_figure_are_its_numbers_each_measured_point_beside_its_line() -> None:
    html = show(plot(), alt="x")._repr_html_()
    assert '<details class="bcp-folded" data-testid="figure-table"><summary>The numbers as a table</summary>' in html
    assert cells(html) == [
        ["", "requests", "time, s: model", "measured"],
        ["new connection", "1", "0.2", "0.2"],
        ["new connection", "25", "4.02", "4.1"],
        ["new connection", "50", "8", "8.1"],
        ["kept", "1", "0.2", "–"],
        ["kept", "50", "4", "–"],
    ]


def test_a_long_line_without_points_gives_some_places_and_both_ends() -> None:
    line = range(2_000, 40_001, 500)
    found = cells(show(plot({"model": (line, [x / 2 for x in line], [], [])}), alt="x").html)[1:]
    assert len(found) == 9
    assert (found[0][1:3], found[-1][1:3]) == (["2,000", "1,000"], ["40,000", "20,000"])


def test_a_point_beyond_its_line_has_no_model() -> None:
    found = cells(show(plot({"one": ([1, 2], [1, 2], [0, 1, 3], [5, 5, 5])}), alt="x").html)[1:]
    assert [row[2] for row in found] == ["–", "1", "–"]


def test_the_numbers_of_bars_are_their_parts_and_their_sums() -> None:
    bars = stacked(["new <b>", "kept"], {"head": [1000, 71], "body": [234, 5]}, xlabel="bytes", title="Cost")
    assert cells(show(bars, alt="x").html) == [
        ["", "head", "body", "together"],
        ["new <b>", "1,000", "234", "1,234"],
        ["kept", "71", "5", "76"],
    ]


def test_a_figure_drawn_elsewhere_has_no_table() -> None:
    figure = Figure()
    figure.subplots().plot([1, 2])
    assert "<details" not in show(figure, alt="a line").html


def test_matplotlibs_settings_are_as_before() -> None:
    before = dict(matplotlib.rcParams)
    show(plot(), alt="x")
    assert dict(matplotlib.rcParams) == before
    assert matplotlib.rcParams["svg.fonttype"] == "path"  # matplotlib's own, also after the figures above


def test_figures_drawn_in_threads_are_the_same_as_alone() -> None:
    alone, found = show(plot(), alt="x").svg, []
    threads = [threading.Thread(target=lambda: found.append(show(plot(), alt="x").svg)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [alone] * 3


def test_a_saved_figure_has_the_palettes_own_colours_and_none_of_the_stand_ins(tmp_path: Path) -> None:
    figure = model_and_measurement({"one": ([1, 2], [1, 2], [1], [1])}, xlabel="s", ylabel="B", title="A title")
    save(figure, tmp_path / "figure.svg")
    drawn = (tmp_path / "figure.svg").read_text()
    assert "#0072b2" in drawn
    assert not {stand_in for stand_in in (*SERIES, LINE, SOFT) if stand_in in drawn}
