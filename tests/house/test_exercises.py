"""Exercises are made from solutions, their README from the checks; each stands where it belongs and reads alike."""

from __future__ import annotations

import json
from pathlib import Path

import graders
import pytest
from repository import ROOT, cells, headings
from test_notebooks_as_stored import CELL_METADATA, MEANINGFUL, METADATA, RANDOM

import exercises
from patterns.grading.batch import answers, split
from patterns.grading.checks import NAMES, exercise

SOLUTIONS = exercises.solutions()
each_solution = pytest.mark.parametrize("solution", SOLUTIONS, ids=lambda path: path.stem)


def name_of(solution: Path) -> str:
    return solution.stem.partition("_")[2]


def test_every_exercise_has_a_solution_at_its_place() -> None:
    assert [path.stem for path in SOLUTIONS] == [f"{n:02}_{name}" for n, name in enumerate(NAMES, 1)]


def test_exercises_are_what_their_solutions_give() -> None:
    assert exercises.out_of_step() == [], "run: .venv/bin/python setup/exercises.py --write"


def test_the_tables_of_the_exercises_are_their_graders() -> None:
    assert graders.README.read_text(encoding="utf-8") == graders.readme(), (
        "run: .venv/bin/python setup/graders.py --write"
    )


@each_solution
def test_a_solution_is_stored_as_every_notebook_is(solution: Path) -> None:
    stored = json.loads(solution.read_text(encoding="utf-8"))
    assert (stored["nbformat"], stored["nbformat_minor"], stored["metadata"]) == (4, 5, METADATA)
    ids = [cell["id"] for cell in stored["cells"]]
    assert len(set(ids)) == len(ids)
    assert not [name for name in ids if not MEANINGFUL.fullmatch(name) or RANDOM.fullmatch(name)]
    for cell in stored["cells"]:
        assert set(cell["metadata"]) <= CELL_METADATA
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@each_solution
def test_a_solution_has_its_parts_in_order(solution: Path) -> None:
    found = cells(solution)
    order = [cell["id"] for cell in found]
    wanted = ["title", "open", "task", "smaller", "answer", "solution", "check", "stretch"]
    assert [name for name in order if name in wanted] == wanted
    name = name_of(solution)
    assert next(cell for cell in found if cell["id"] == "check")["source"] == f'check("{name}")'
    levels = [level for cell in found if cell["cell_type"] == "markdown" for level, _ in headings(cell["source"])]
    assert levels[0] == 1
    assert levels.count(1) == 1
    title = found[0]["source"]
    assert f"../notebooks/{exercise(name).lesson}.ipynb" in title
    assert " minutes" in title
    assert f"# {exercise(name).title}\n" in title


@each_solution
def test_the_answer_is_cut_out_and_the_starter_stays(solution: Path) -> None:
    name = name_of(solution)
    starter, solved = (split(cell["source"]) for cell in cells(solution) if cell["id"] in ("answer", "solution"))
    assert starter is not None
    assert solved is not None
    assert (starter[0], solved[0]) == (name, name)
    assert answers(solution) == ({name: solved[1]}, [name])
    assert answers(ROOT / "exercises" / solution.name) == ({name: starter[1]}, [name])
    exec(compile(starter[1], solution.stem, "exec"), {"__name__": "starter"})  # raises nothing
