"""Answers out of saved notebooks: found without running anything, graded one after the other, told in a line each.

The problem: who grades a class cannot run thirty strangers' notebooks, and one broken file must not hold up the rest.
The assumption: an answer is the text of a cell that begins with `%%answer NAME`, a complete module; the last such
cell of a name counts, as the last run does.
The bargain: nothing else of the notebook is looked at. A file that is no notebook, and a notebook without an answer,
get a row of their own.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from patterns.grading.checks import UnknownExercise, exercise
from patterns.grading.probe import ForkServer
from patterns.grading.probe.accidents import NoGrader
from patterns.grading.probe.steps import legible
from patterns.grading.verdict import Verdict, grade

LARGEST_BYTES = 64 << 20  # of a notebook's file
MAGIC = re.compile(r"^\s*%%answer(?:[ \t]+(?P<name>\S+))?[ \t]*(?:\r?\n|$)")
ASKED = re.compile(r"^[^#\n]*\bcheck\(\s*[\"'](\w+)[\"']\s*\)", re.MULTILINE)


class NotANotebook(ValueError):
    """The file is no notebook; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Row:
    """One exercise of one notebook: its verdict, or None and in `trouble` why there is none.

    `exercise` is empty where not even that is known.
    """

    notebook: str
    exercise: str
    verdict: Verdict | None
    word: str
    trouble: str = ""
    max_points: int = 0

    def as_json(self) -> dict[str, Any]:
        """As one line of the terminal's output has it."""
        found = self.verdict
        trouble = {"name": "notebook", "passed": False, "misconception": None, "message": self.trouble}
        return {
            "notebook": self.notebook,
            "exercise": self.exercise,
            "points": found.points if found else 0,
            "max_points": found.max_points if found else self.max_points,
            "verdict": self.word,
            "checks": [check.as_json() for check in found.checks] if found else [trouble],
        }


def split(cell: str) -> tuple[str, str] | None:
    """(name, text of the module) of a cell that begins with `%%answer NAME`, else None."""
    found = MAGIC.match(cell)
    if found is None or found["name"] is None:
        return None
    return found["name"], cell[found.end() :]


def answers(path: Path) -> tuple[dict[str, str], list[str]]:
    """(name → text of the last cell of that name, exercises that the notebook asks to check).

    Raises:
        NotANotebook: the file cannot be read as one.
    """
    sources = list(_code_cells(path))
    found: dict[str, str] = {}
    for source in sources:
        if (one := split(source)) is not None:
            found.pop(one[0], None)
            found[one[0]] = one[1]
    asked = [name for source in sources if not MAGIC.match(source) for name in ASKED.findall(source)]
    return found, list(dict.fromkeys(asked))


def _code_cells(path: Path) -> Iterator[str]:
    try:
        if not stat.S_ISREG((there := path.stat()).st_mode):
            raise NotANotebook("expected a notebook, got no file: a folder, a pipe or a device")
        if there.st_size > LARGEST_BYTES:
            raise NotANotebook(f"expected a notebook of at most {LARGEST_BYTES >> 20} MiB, got a larger file")
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except NotANotebook:
        raise
    except OSError as error:
        raise NotANotebook(f"expected a notebook, got: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise NotANotebook(f"expected a notebook (JSON in UTF-8), got: {error or type(error).__name__}") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise NotANotebook("expected a notebook with a list of cells (nbformat 4), got other JSON")
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            lines = source if isinstance(source, list) else [source]
            if not all(isinstance(line, str) for line in lines):
                raise NotANotebook("expected every cell's source to be text, got other JSON")
            yield "".join(lines)


def grade_all(notebooks: Iterable[Path], *, seed: int) -> Iterator[Row]:
    """Grade every answer of every notebook, each as soon as it is asked for; one fork server serves all.

    Names of files and of exercises that there are not are made legible: somebody else has chosen them.
    """
    with ForkServer() as server:
        for path in notebooks:
            for row in _grade_one(path, seed, server):
                yield replace(row, notebook=legible(row.notebook), exercise=legible(row.exercise))


def _grade_one(path: Path, seed: int, server: ForkServer) -> Iterator[Row]:
    try:
        found, asked = answers(path)
    except NotANotebook as error:
        yield Row(str(path), "", None, "broken", str(error))
        return
    if not found and not asked:
        text = "expected a cell that begins with %%answer NAME, got none; was the notebook saved?"
        yield Row(str(path), "", None, "missing", text)
    for name in [*found, *(name for name in asked if name not in found)]:
        try:
            most = exercise(name).max_points
        except UnknownExercise as error:
            yield Row(str(path), name, None, "broken", str(error))
            continue
        if name not in found or not found[name].strip():
            text = (
                f"expected a cell that begins with %%answer {name}, got {'an empty one' if name in found else 'none'}"
            )
            yield Row(str(path), name, None, "missing", text, most)
            continue
        try:
            verdict = grade(name, found[name], seed=seed, server=server)
        except NoGrader as error:  # without a box an answer can do that, too
            server.begin_anew()
            yield Row(str(path), name, None, "broken", str(error), most)
        else:
            yield Row(str(path), name, verdict, verdict.word)
