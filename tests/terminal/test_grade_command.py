"""`python -m patterns grade`, as it is typed: a table or JSON lines, the seed and the box, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from registered import answers

ROOT = Path(__file__).parents[2]
RIGHT = answers("framing", "right")[0].source
WRONG = next(one for one in answers("framing", "wrong") if one.check == "pieces").source


def notebook(path: Path, source: str) -> str:
    cell = {"cell_type": "code", "id": "answer", "source": f"%%answer framing\n{source}"}
    path.write_text(json.dumps({"cells": [cell], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))
    return str(path)


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "patterns", "grade", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_right_answer_is_a_line_and_ends_well(tmp_path: Path) -> None:
    run = typed(notebook(tmp_path / "right.ipynb", RIGHT), "--seed", "5")
    assert (run.returncode, run.stderr) == (0, "")
    assert "framing   10 of 10  passed" in run.stdout
    assert run.stdout.splitlines()[-1].startswith("seed 5 · box: ")


def test_a_wrong_answer_is_explained_and_ends_with_1(tmp_path: Path) -> None:
    run = typed(notebook(tmp_path / "wrong.ipynb", WRONG), str(tmp_path / "none.ipynb"))
    assert (run.returncode, run.stderr) == (1, "")
    for part in ("✗ pieces (0 of 2):", "expected  ", "got       ", "what was done:", "one-packet-is-one-request: TCP"):
        assert part in run.stdout
    assert "none.ipynb: broken: expected a notebook, got: No such file or directory" in run.stdout


def test_json_is_a_line_for_each_exercise_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    paths = [notebook(tmp_path / "a.ipynb", RIGHT), notebook(tmp_path / "b.ipynb", WRONG)]
    first, second = (typed(*paths, "--json", "--seed", "3") for _ in range(2))
    assert first.stdout == second.stdout
    rows = [json.loads(line) for line in first.stdout.splitlines()]
    assert (rows[0]["notebook"], rows[0]["verdict"], rows[0]["points"]) == (paths[0], "passed", 10)
    assert rows[1]["verdict"] in ("partial", "failed")
    assert first.returncode == 1


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "Missing argument 'NOTEBOOKS...'."),
        (["a.ipynb", "--seed", "x"], "Invalid value for '--seed': 'x' is not a valid integer range."),
    ],
)
def test_a_mistake_gets_one_line(words: list[str], line: str) -> None:
    run = typed(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"{line} (python -m patterns --help tells more)\n"
