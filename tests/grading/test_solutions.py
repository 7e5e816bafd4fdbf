"""What learners are given: every solution has all points, and every starter, as it stands, has not."""

from __future__ import annotations

from pathlib import Path

import pytest

import exercises
from patterns.grading.batch import answers
from patterns.grading.probe import ForkServer
from patterns.grading.verdict import grade


@pytest.mark.parametrize("solution", exercises.solutions(), ids=lambda path: path.stem)
def test_a_solution_has_all_points_and_the_starter_alone_has_few(solution: Path, server: ForkServer) -> None:
    ((name, solved),) = answers(solution)[0].items()
    ((_, starter),) = answers(exercises.EXERCISES / solution.name)[0].items()
    verdict = grade(name, solved, seed=11, server=server)
    assert [found.told for found in verdict.checks if not found.passed] == []
    begun = grade(name, starter, seed=11, server=server)
    assert begun.word in ("failed", "partial")
    assert begun.points <= begun.max_points / 4
    assert {found.accident for found in begun.checks} <= {"", "forgotten-await"}
