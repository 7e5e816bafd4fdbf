"""The answers the graders are graded by: tests/grading/answers/<exercise>/right_*.py and wrong_*.py.

A wrong answer's docstring says in its first line what is wrong, and in its last how it must be caught:

    Fails: check-name (misconception-name)
    Fails: check-name [accident-name]
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "grading" / "answers"
FAILS = re.compile(r"^Fails: (?P<check>[a-z0-9-]+) (?:\((?P<idea>[a-z0-9-]+)\)|\[(?P<accident>[a-z0-9-]+)\])$")


@dataclass(frozen=True, slots=True)
class Registered:
    """An answer, what it is, and, if it is wrong, which check has to fail for which idea or accident."""

    exercise: str
    name: str
    source: str
    says: str
    check: str = ""
    idea: str = ""
    accident: str = ""

    @property
    def is_right(self) -> bool:
        """Whether it has to pass."""
        return not self.check


def read(path: Path) -> Registered:
    """The answer in a file.

    Raises:
        ValueError: its docstring does not say what it has to.
    """
    source = path.read_text(encoding="utf-8")
    lines = (ast.get_docstring(ast.parse(source)) or "").strip().splitlines()
    if not lines:
        raise ValueError(f"{path.name}: expected a docstring that says what it is, got none")
    exercise, name = path.parent.name, path.stem
    if name.startswith("right_"):
        return Registered(exercise, name, source, lines[0])
    found = FAILS.match(lines[-1])
    if found is None:
        raise ValueError(f"{path.name}: expected a last line “Fails: check (idea)”, got {lines[-1]!r}")
    return Registered(exercise, name, source, lines[0], found["check"], found["idea"] or "", found["accident"] or "")


def answers(exercise: str, kind: str = "*") -> list[Registered]:
    """The answers to one exercise; `kind` is right, wrong or * for both."""
    return [read(path) for path in sorted((FOLDER / exercise).glob(f"{kind}_*.py"))]
