"""The checks of each exercise, and the words they are written in.

A check is a function that drives an `Answer` and compares. It passes if it returns; `expect`, `fail` and
`answer.must_raise` say what is wrong, and which idea may be behind it. `patterns/grading/checks/<name>.py` holds the
checks of the exercise of that name, in the order in which they are shown.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from patterns.grading.catalogue import misconception
from patterns.grading.checks.expecting import expect, fail
from patterns.grading.probe import HANG, After, Answer, Attribute, Call, Callback, Error, Raised, Run, Running, Thing

__all__ = [
    "HANG",
    "NAMES",
    "After",
    "Answer",
    "Attribute",
    "Call",
    "Callback",
    "Check",
    "Error",
    "Exercise",
    "Raised",
    "Run",
    "Running",
    "Thing",
    "UnknownExercise",
    "exercise",
    "expect",
    "fail",
]

# Every exercise, in the order of the course.
NAMES = (
    "framing",
    "resume",
    "gather",
    "fan_out",
    "poll",
    "hold",
    "delayed_operation",
    "purgatory",
    "timing_wheel",
    "request_path",
    "fetch",
)


class UnknownExercise(KeyError):
    """There is no exercise of that name; the text lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what it is called, what it is worth, the idea it is usually failed for, what it does."""

    name: str
    points: int
    idea: str | None
    says: str  # in a sentence, what it checks
    drive: Callable[[Answer], None]
    threads: bool = False
    leftovers: bool = True


class Exercise:
    """The checks of one exercise; `exercise.check(…)` adds one."""

    def __init__(self, name: str, *, lesson: str, title: str) -> None:
        self.name = name
        self.lesson = lesson
        self.title = title
        self.checks: list[Check] = []

    @property
    def max_points(self) -> int:
        """What all checks together are worth."""
        return sum(check.points for check in self.checks)

    def check(
        self, name: str, *, points: int = 1, idea: str | None = None, threads: bool = False, leftovers: bool = True
    ) -> Callable[[Callable[[Answer], None]], Callable[[Answer], None]]:
        """Make a function the check `name`; its docstring says what it checks.

        `idea` is a misconception's name; `threads` gives the answer locks whose order the check decides;
        `leftovers` lets the check fail if tasks, threads or descriptors are left at its end.
        """
        if idea is not None:
            misconception(idea)
        if any(check.name == name for check in self.checks):
            raise ValueError(f"expected every check of {self.name} once, got {name!r} twice; rename one")

        def add(drive: Callable[[Answer], None]) -> Callable[[Answer], None]:
            says = (drive.__doc__ or "").strip()
            if not says:
                raise ValueError(f"expected a docstring that says what {name} checks, got none")
            self.checks.append(Check(name, points, idea, " ".join(says.split()), drive, threads, leftovers))
            return drive

        return add


def exercise(name: str) -> Exercise:
    """The exercise of that name.

    Raises:
        UnknownExercise: there is none.
    """
    if name not in there():
        raise UnknownExercise(f"expected the name of an exercise, got {name!r}; there are: {', '.join(there())}")
    found: Exercise = importlib.import_module(f"{__name__}.{name}").exercise
    return found


def there() -> list[str]:
    """The exercises that have checks, in the order of the course."""
    folder = Path(__file__).parent
    return [name for name in NAMES if (folder / f"{name}.py").exists() or (folder / name).is_dir()]
