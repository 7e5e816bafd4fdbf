"""Lesson 6 with ten thousand fetches parked in the notebook's own kernel: widgets answer, and the loop is free.

What is measured is the kernel's and this machine's, which others may use at the same time: so of a few fan-outs the
best counts, and of a few series of clicks; and where a widget does not answer in three quarters of that time when
nobody is parked, the test goes its way, and says that it has measured nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab_page import NOTEBOOK, LabPage
from playwright.sync_api import expect

PARKED = 10_000
WITHIN_MS, BLOCKED_MS = 100.0, 50.0
TRIES, CLICKS = 8, 100
CELLS = ("open", "lines", "purgatory", "response-queue", "small-client")

# The smallest widget that answers: what is measured is the kernel, and not how long a picture takes to draw.
ECHO = """
slider, said = widgets.IntSlider(max=1), widgets.HTML("0")
slider.observe(lambda change: setattr(said, "value", str(change["new"])), "value")
widgets.VBox([slider, said])
"""
CLICK = """async ([echo, clicks]) => {
    const handle = echo.querySelector('.noUi-handle'), took = []
    const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
    for (let n = 0; n < clicks; n++) {
        const said = () => echo.querySelector('.widget-html-content').textContent
        const before = said(), began = performance.now()
        const key = n % 2 ? 'ArrowLeft' : 'ArrowRight'
        handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}))
        while (said() === before) {
            if (performance.now() - began > 10000) throw new Error('no answer within 10 s')
            await pause(1)
        }
        took.push(performance.now() - began)
        await pause(20)
    }
    return took
}"""


def run(notebook: LabPage, *cells: str, source: str | None = None) -> None:
    """Run these cells, in this order, with another source if given; none may complain."""
    for cell in cells:
        notebook.page.evaluate(
            f"""async ([name, source]) => {{
                const {{content}} = {NOTEBOOK}
                content.deselectAll()
                content.activeCellIndex = content.widgets.findIndex(one => one.model.id === name)
                if (source !== null) content.activeCell.model.sharedModel.setSource(source)
                await window.jupyterapp.commands.execute('notebook:run-cell')
            }}""",
            [cell, source],
        )
        expect(notebook.cell(cell).locator("[data-mime-type='application/vnd.jupyter.error']")).to_have_count(0)


def p99(values: list[float]) -> float:
    return sorted(values)[int(0.99 * (len(values) - 1))]


def test_ten_thousand_parked_fetches_leave_the_loop_free_and_the_widgets_answering(
    lab: Callable[[str], LabPage],
) -> None:
    notebook = lab("06_purgatory")
    run(notebook, *CELLS)
    run(notebook, "servers", source=ECHO)
    echo = notebook.cell("servers").locator(".widget-vbox").last

    def clicked_ms() -> float:
        return p99(notebook.page.evaluate(CLICK, [echo.element_handle(), CLICKS]))

    before_ms = clicked_ms()
    tries = TRIES if before_ms <= 0.75 * WITHIN_MS else 1  # a busy machine: it is run all the same, and not measured
    stops_ms: list[float] = []
    while len(stops_ms) < tries and min(stops_ms, default=BLOCKED_MS + 1) > BLOCKED_MS:
        run(notebook, "parked-ten-thousand")
        cells = notebook.cell("parked-ten-thousand").locator("tbody tr").all()
        said = dict(row.inner_text().split("\t") for row in cells)
        assert said["fetches parked"] == f"{PARKED:,}", said["why not more"]
        assert said["without an answer"] == "0"
        stops_ms.append(float(said["the loop's longest stop meanwhile, ms"].replace(",", "")))

    run(notebook, "crowd")
    panel = notebook.cell("crowd").locator(".bcp-panel")
    for slider, key in zip(panel.locator(".widget-slider").all(), ("End", "ArrowRight", "End"), strict=True):
        notebook.slide(slider, key)
    notebook.press("Start", panel)
    expect(notebook.part("number-without-an-answer", panel)).to_have_text("0")  # the first event has been
    expect(notebook.part("number-parked", panel)).to_have_text(f"{PARKED:,}")
    answered_ms: list[float] = []
    while len(answered_ms) < tries and min(answered_ms, default=WITHIN_MS + 1) > WITHIN_MS:
        answered_ms.append(clicked_ms())
    expect(notebook.part("number-without-an-answer", panel)).to_have_text("0")
    notebook.press("Stop", panel)
    expect(notebook.part("panel-state", panel)).to_have_text("stopped")
    expect(notebook.part("panel-failure", panel)).to_have_count(0)

    if tries == 1:
        pytest.skip(f"with nobody parked a widget answers within {before_ms:.0f} ms (p99): this machine is too busy")
    assert min(stops_ms) <= BLOCKED_MS, stops_ms
    assert min(answered_ms) <= WITHIN_MS, answered_ms
