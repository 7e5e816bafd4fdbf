"""Lesson 1 as a learner plays it: a guess is drawn over, the diagram follows the sliders, a restart mends all."""

from __future__ import annotations

from collections.abc import Callable

from lab_page import LabPage
from playing import guess_run_play_and_answer
from playwright.sync_api import expect


def test_a_guess_is_drawn_over_the_diagram_follows_the_sliders_and_it_runs_again_after_a_restart(
    lab: Callable[[str], LabPage],
) -> None:
    notebook = lab("01_request_response")
    guess_run_play_and_answer(notebook, answer_bytes="40")
    expect(notebook.part("reveal-answer-bytes")).to_contain_text("You said 40, it was 104 bytes")
    expect(notebook.cell("first-sequence").locator("svg[role=img]")).to_contain_text("GET /books/2")

    assert notebook.run_all() == [], "after all the playing"
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

    notebook.press("Start", panel)
    assert notebook.restart_and_run_all() == [], "after a restart, while a panel runs"
