"""Lesson 1 as a learner plays it: a guess is drawn over, and the diagram follows the sliders."""

from __future__ import annotations

from collections.abc import Callable

from lab_page import LabPage
from playwright.sync_api import expect


def test_a_guess_is_drawn_beside_the_result_and_the_diagram_follows_the_sliders(lab: Callable[[str], LabPage]) -> None:
    notebook = lab("01_request_response")
    assert notebook.run_all() == []
    notebook.guess("answer-bytes", "40")
    assert notebook.run_all() == []
    expect(notebook.part("reveal-answer-bytes")).to_contain_text("You said 40, it was 104 bytes")
    expect(notebook.cell("first-sequence").locator("svg[role=img]")).to_contain_text("GET /books/2")

    panel = notebook.panels()[0]
    picture = panel.locator(".bcp-picture svg[role=img]")
    notebook.press("Start", panel)
    expect(picture).to_contain_text("GET /books/2")
    questions = panel.locator(".widget-slider", has_text="questions a visit")
    with notebook.changing(notebook.part("plot", panel), notebook.part("number-answers-a-second", panel)):
        for _ in range(3):
            notebook.slide(questions, "ArrowRight")
    expect(picture.locator("text", has_text="GET /books/2")).to_have_count(3)  # the last 6 of 8 messages
    notebook.screenshot("01_request_response_playing", panel)
    notebook.press("Stop", panel)
    expect(notebook.part("panel-state", panel)).to_have_text("stopped")
