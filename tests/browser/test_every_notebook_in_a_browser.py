"""What holds of every notebook in a browser: it runs, runs again, and every control in it answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lab_page import LabPage
from playwright.sync_api import Locator, expect

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

Open = Callable[[str], LabPage]

each_notebook = pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])


@each_notebook
def test_runs_answers_runs_again_and_after_a_restart(name: str, lab: Open) -> None:
    notebook = lab(name)
    assert notebook.run_all() == []
    for number, panel in enumerate(notebook.panels(), 1):
        play(notebook, panel)
        notebook.screenshot(f"{name}_panel_{number}", panel)
    for question in notebook.page.locator(".bcp-question").all():
        answer_until_right(notebook, question)
    guesses = {prediction: notebook.guess(prediction) for prediction in notebook.predictions()}

    assert notebook.run_all() == [], "after all the pressing"
    for prediction, guess in guesses.items():
        expect(notebook.part(f"reveal-{prediction}")).to_contain_text(guess)
    expect(notebook.page.get_by_test_id("failure")).to_have_count(0)

    assert notebook.restart_and_run_all() == [], "after a restart"
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.screenshot(f"{name}_{theme}")


def play(notebook: LabPage, panel: Locator) -> None:
    """Start a panel, see its figures and its plot move, move each slider by keyboard, stop it."""
    if notebook.part("panel-state", panel).inner_text() == "running":
        notebook.press("Stop", panel)
    shown = [part for part in (panel.locator(".bcp-tiles"), notebook.part("plot", panel)) if part.count()]
    with notebook.changing(*shown):
        notebook.press("Start", panel)
    for slider in panel.locator(".widget-slider").all():
        with notebook.changing(slider.locator(".widget-readout")):
            for key in ("ArrowRight", "ArrowLeft", "End", "ArrowLeft"):  # wherever it stands, it has moved
                notebook.slide(slider, key)
    stop = notebook.button("Stop", panel)
    if stop.is_enabled():  # a demonstration may have come to its own end
        stop.click()
    expect(notebook.part("panel-state", panel)).to_have_text(re.compile("stopped|finished"))
    expect(notebook.part("panel-failure", panel)).to_have_count(0)


def answer_until_right(notebook: LabPage, question: Locator) -> None:
    """Choose one answer after the other; each gets its feedback, and the right one ends the question."""
    feedback = question.locator("[data-testid$=-feedback]")
    check = notebook.button("Check", question)
    for option in question.locator("label:has(input[type=radio])").all():
        option.click()
        with notebook.changing(feedback):
            check.click()
        if "Right." in feedback.inner_text():  # the button's own change may still be on its way
            break
    expect(feedback).to_contain_text("Right.")
    expect(check).to_be_disabled()
