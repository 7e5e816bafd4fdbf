"""A notebook as it lies in git: no outputs, cell ids that mean something, one title, headings in order."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

import pytest
from repository import LESSONS, ROOT, cells, headings, notebooks

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = {"editable", "jupyter", "slideshow", "tags"}

# JupyterLab gives a new cell eight hexadecimal digits or a UUID: nothing that a catalogue could refer to.
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){0,3}(-[0-9a-f]{12})?")
MEANINGFUL = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

each_notebook = pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)


def test_every_notebook_has_its_place_in_the_course() -> None:
    places = [f"{number:02}_{name}" for number, name in enumerate(["start_here", *LESSONS, "choosing"])]
    names = [path.stem for path in notebooks()]
    assert set(names) <= set(places), f"expected names out of {places}"
    assert names[:2] == places[:2]


@each_notebook
def test_a_notebook_is_stored_without_outputs(notebook: Path) -> None:
    left = [cell["id"] for cell in cells(notebook) if cell.get("outputs") or cell.get("execution_count") is not None]
    assert not left, f"run: .venv/bin/python -m nbstripout --keep-id {notebook.relative_to(ROOT)} (cells {left})"


@each_notebook
def test_every_cell_has_an_id_of_its_own_that_means_something(notebook: Path) -> None:
    names = [cell.get("id", "") for cell in cells(notebook)]
    poor = [name for name in names if not MEANINGFUL.fullmatch(name) or RANDOM.fullmatch(name)]
    assert not poor, f"name these cells by what they show, as in smallest-server: {poor}"
    assert len(set(names)) == len(names)


@each_notebook
def test_a_notebook_says_no_more_of_itself_than_it_must(notebook: Path) -> None:
    stored = json.loads(notebook.read_text())
    assert (stored["nbformat"], stored["nbformat_minor"]) == (4, 5)
    assert stored["metadata"] == METADATA
    extra = {cell["id"]: set(cell["metadata"]) - CELL_METADATA for cell in stored["cells"]}
    assert not {cell: keys for cell, keys in extra.items() if keys}


@each_notebook
def test_a_notebook_has_one_title_and_headings_in_order(notebook: Path) -> None:
    found = [
        heading for cell in cells(notebook) if cell["cell_type"] == "markdown" for heading in headings(cell["source"])
    ]
    levels = [level for level, _ in found]
    assert levels[:1] == [1], "the first heading is the title"
    assert levels.count(1) == 1, "one title"
    jumps = [text for (before, _), (level, text) in itertools.pairwise(found) if level > before + 1]
    assert not jumps, f"a level is left out before {jumps}"
    texts = [text for _, text in found]
    assert len(set(texts)) == len(texts), "two headings read alike, and a cell run too early names one of them"


def test_random_ids_are_told_from_names() -> None:
    assert RANDOM.fullmatch("deadbeef")
    assert RANDOM.fullmatch("0b5e4c1a-9d1f-4d8e-8c43-53f6f1d5ad2f")
    assert not RANDOM.fullmatch("smallest-server")
