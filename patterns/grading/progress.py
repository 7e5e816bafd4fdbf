"""What a learner has reached, kept in a small file, so that a restarted kernel knows it too.

`.progress.json` lies in the course's folder, beside `notebooks/` and `exercises/`; git ignores it, deleting it
begins anew. For each exercise the most points ever reached are kept: trying something else costs nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patterns.grading.verdict import Verdict

NAME = ".progress.json"
FOLDERS = {"notebooks", "exercises", "solutions"}  # of the course, one below the folder of the file


@dataclass(frozen=True, slots=True)
class Reached:
    """The most points of an exercise, of how many, and after how many checks."""

    points: int
    max_points: int
    checks: int


def place(here: Path) -> Path:
    """The file for a notebook that runs in the folder `here`."""
    return (here.parent if here.name in FOLDERS else here) / NAME


def load(file: Path) -> dict[str, Reached]:
    """What was reached, by exercise; nothing if there is no file, or one that somebody else has written."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): Reached(*(_count(one[key]) for key in Reached.__slots__)) for name, one in told.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def record(file: Path, verdict: Verdict) -> Mapping[str, Reached]:
    """Add a verdict, and give back what is reached now.

    Raises:
        OSError: the file cannot be written.
    """
    reached = load(file)
    before = reached.get(verdict.exercise, Reached(0, 0, 0))
    points = max(before.points, verdict.points) if before.max_points == verdict.max_points else verdict.points
    reached[verdict.exercise] = Reached(points, verdict.max_points, before.checks + 1)
    told = {name: {key: getattr(one, key) for key in Reached.__slots__} for name, one in reached.items()}
    beside = file.with_name(f"{file.name}.{os.getpid()}")
    beside.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    beside.replace(file)
    return reached


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("expected a number from 0")
    return value
