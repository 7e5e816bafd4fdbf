"""Every misconception of the catalogue points at a lesson and at the cell in it that shows the truth."""

from __future__ import annotations

import re

from repository import ROOT, cells

from patterns.grading.catalogue import catalogue


def test_every_misconception_is_shown_by_a_cell_that_exists() -> None:
    astray = []
    for misconception in catalogue().values():
        notebook = ROOT / "notebooks" / f"{misconception.lesson}.ipynb"
        if not notebook.exists() or misconception.cell not in {cell["id"] for cell in cells(notebook)}:
            astray.append(f"{misconception.name}: {misconception.lesson}, cell {misconception.cell}")
    assert not astray, "no such cell:\n" + "\n".join(astray)


def test_every_misconception_has_a_name_a_wrong_idea_and_the_right_one() -> None:
    assert catalogue()
    for name, misconception in catalogue().items():
        assert name == misconception.name
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name), "kebab-case"
        assert misconception.wrong.strip().endswith(".")
        assert misconception.right.strip().endswith(".")
