"""The exercises, from their solutions: the same notebooks without the cells that are tagged `solution`.

    .venv/bin/python setup/exercises.py            says which exercises are not in step with their solutions
    .venv/bin/python setup/exercises.py --check    the same, and fails if there are any
    .venv/bin/python setup/exercises.py --write    writes them

A solution is `solutions/NN_<name>.ipynb`. It has a starter, a cell `%%answer NAME` with signatures and docstrings,
which learners fill in, and behind it a second cell `%%answer NAME` with the answer, tagged `solution`: the last one
of a name counts. Cell ids are kept, outputs are not.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbconvert.preprocessors
import nbformat

notebooks: Any = nbformat  # both publish no types
preprocessors: Any = nbconvert.preprocessors

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS, EXERCISES = ROOT / "solutions", ROOT / "exercises"
TAG = "solution"


def solutions() -> list[Path]:
    """The notebooks with the answers in, in order."""
    return sorted(SOLUTIONS.glob("[0-9][0-9]_*.ipynb"))


def exercise(solution: Path) -> str:
    """The exercise's notebook, as it is stored."""
    notebook = notebooks.read(solution, as_version=4)
    resources: dict[str, Any] = {}
    without = preprocessors.TagRemovePreprocessor(remove_cell_tags={TAG})
    for preprocessor in (without, preprocessors.ClearOutputPreprocessor()):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    text: str = notebooks.writes(notebook)
    return text + "\n"


def out_of_step() -> list[str]:
    """What is wrong in `exercises/`, a line each."""
    wanted = {EXERCISES / solution.name: exercise(solution) for solution in solutions()}
    there = set(EXERCISES.glob("*.ipynb"))
    found = [f"{path.name} has no solution" for path in sorted(there - wanted.keys())]
    for path, text in wanted.items():
        if path not in there:
            found.append(f"{path.name} is missing")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"{path.name} is not what its solution gives")
    return found


def write() -> None:
    """Bring `exercises/` into step."""
    EXERCISES.mkdir(exist_ok=True)
    names = {solution.name for solution in solutions()}
    for path in EXERCISES.glob("*.ipynb"):
        if path.name not in names:
            path.unlink()
    for solution in solutions():
        (EXERCISES / solution.name).write_text(exercise(solution), encoding="utf-8")


def main() -> None:
    """Check, or write."""
    if "--write" in sys.argv[1:]:
        write()
        return
    found = out_of_step()
    for line in found:
        print(line)
    if found and "--check" in sys.argv[1:]:
        sys.exit("run: .venv/bin/python setup/exercises.py --write")


if __name__ == "__main__":
    main()
