"""What holds of every notebook in a browser: it runs, and every control in it answers.

That it runs again, and again after a restart, is seen in the browser with lesson 1 (its own test), in kernels of
their own with every notebook (tests/notebooks), and in the browser with every notebook by `make soak`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lab_page import LabPage
from playing import guess_run_play_and_answer, play

NOTEBOOKS = sorted(path.stem for path in (Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))

Open = Callable[[str], LabPage]


# Lesson 1 has a test of its own, in which it is all of this.
@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name != "01_request_response"])
def test_runs_over_the_guesses_answers_to_every_control_and_opens_again_after_a_restart(name: str, lab: Open) -> None:
    notebook = lab(name)
    guess_run_play_and_answer(notebook)
    notebook.restart()
    assert notebook.open_lesson() == [], "after a restart"


@pytest.mark.soak
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_runs_again_after_all_the_playing_and_after_a_restart(name: str, lab: Open) -> None:
    notebook = lab(name)
    assert notebook.run_all() == []
    for panel in notebook.panels():
        play(notebook, panel)
    assert notebook.run_all() == [], "after all the playing"
    assert notebook.restart_and_run_all() == [], "after a restart"
