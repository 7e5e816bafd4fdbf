"""The README's first screen, and its table of lessons, which is derived from the notebooks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import readme_table
from repository import ROOT

README = (ROOT / "README.md").read_text()


def test_the_table_of_lessons_is_the_notebooks_own() -> None:
    (found,) = readme_table.TABLE.finditer(README)
    assert found[0] == readme_table.table(), "run: .venv/bin/python setup/readme_table.py --write"


def test_the_first_screen_shows_a_picture_and_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:40])
    for wanted in ("![", "make lab", "make test"):
        assert wanted in first_screen, f"{wanted} is not in the first 40 lines"


def test_every_file_that_the_readme_links_to_is_there() -> None:
    linked = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", README)
    assert linked
    assert not [path for path in linked if not (ROOT / path).exists()]


@pytest.mark.parametrize("heading", ["# Request-response", "# 1 · Request-response", "# Lesson 1: Request-response"])
def test_a_row_has_number_title_and_minutes(heading: str, tmp_path: Path) -> None:
    notebook = tmp_path / "01_request_response.ipynb"
    notebook.write_text(json.dumps({"cells": [{"source": [f"{heading}\n", "\n", "About 40 minutes."]}]}))
    assert readme_table.row(notebook) == ("| 1 | [Request-response](notebooks/01_request_response.ipynb) | 40 |")
