"""Every exercise as a learner plays it: a wrong answer, its message, a right one, all points; a new kernel knows it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab_page import NOTEBOOK, LabPage
from playwright.sync_api import expect
from registered import Registered, answers

from patterns.grading.checks import NAMES, exercise

RUN = f"""async ([name, source]) => {{
    const cells = {NOTEBOOK}.content
    const number = cells.widgets.findIndex(cell => cell.model.id === name)
    if (source !== null) cells.widgets[number].model.sharedModel.setSource(source)
    cells.deselectAll()
    cells.activeCellIndex = number
    await window.jupyterapp.commands.execute('notebook:run-cell')
}}"""


def run(notebook: LabPage, cell: str, source: str | None = None) -> None:
    """Run a cell, with another source if one is given."""
    notebook.page.evaluate(RUN, [cell, source])


def one_wrong(name: str) -> Registered:
    """The first whose mistake is an idea."""
    return next(one for one in answers(name, "wrong") if one.idea)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_answer_is_explained_and_a_right_one_has_all_points(name: str, lab: Callable[[str], LabPage]) -> None:
    notebook = lab(f"exercises/{NAMES.index(name) + 1:02}_{name}")
    wrong, right = one_wrong(name), answers(name, "right")[0]
    assert notebook.run_all() == [], "as it is given to a learner"
    run(notebook, "answer", f"%%answer {name}\n{wrong.source}")
    run(notebook, "check")
    verdict = notebook.part(f"verdict-{name}", notebook.cell("check"))
    check = notebook.part(f"check-{wrong.check}", verdict)
    expect(check).to_contain_text("failed")
    if check.get_attribute("open") is None:
        check.locator("summary").click()
    expect(notebook.part(f"idea-{wrong.idea}", check)).to_be_visible()
    expect(check.locator("dl")).to_contain_text("expected")
    notebook.screenshot(f"exercise_{name}", verdict)

    run(notebook, "answer", f"%%answer {name}\n{right.source}")
    run(notebook, "check")
    most = exercise(name).max_points
    points = notebook.part("verdict-points", notebook.cell("check"))
    expect(points).to_contain_text(f"passed · {most} of {most} points")


def test_what_was_reached_is_on_the_first_page_after_a_restart(lab: Callable[[str], LabPage]) -> None:
    notebook = lab("exercises/01_framing")
    run(notebook, "open")
    run(notebook, "answer", f"%%answer framing\n{answers('framing', 'right')[0].source}")
    run(notebook, "check")
    expect(notebook.part("verdict-points", notebook.cell("check"))).to_contain_text("10 of 10 points")
    page = lab("00_start_here")
    run(page, "exercises")
    row = page.part("progress-framing", page.cell("exercises"))
    expect(row).to_contain_text("passed")
    expect(row).to_contain_text("10 of 10")
    assert page.restart_and_run_all() == []
    expect(page.part("progress-framing", page.cell("exercises"))).to_contain_text("10 of 10")
    page.screenshot("exercises_reached", page.cell("exercises"))
