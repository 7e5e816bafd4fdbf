"""What a learner does in any notebook: guess first, run it, play with every panel, answer every question."""

from __future__ import annotations

import re

from lab_page import LabPage
from playwright.sync_api import Locator, expect


def guess_run_play_and_answer(notebook: LabPage, **guesses: str) -> None:
    """All of it once; a guess that is not given is the first choice, or the lowest number. Screenshots of all."""
    assert notebook.open_lesson(ask=True) == []
    given = {name.replace("_", "-"): guess for name, guess in guesses.items()}
    made = {prediction: notebook.guess(prediction, given.get(prediction, "")) for prediction in notebook.predictions()}
    assert given.keys() <= made.keys()
    assert notebook.run_all() == []
    for prediction, guess in made.items():
        expect(notebook.part(f"reveal-{prediction}")).to_contain_text(guess)
    for number, panel in enumerate(notebook.panels(), 1):
        play(notebook, panel)
        notebook.screenshot(f"{notebook.name}_panel_{number}", panel)
    for question in notebook.page.locator(".bcp-question").all():
        answer_until_right(notebook, question)
    assert notebook.failures() == []
    for theme in notebook.in_both_themes():
        notebook.screenshot(f"{notebook.name}_{theme}")


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
