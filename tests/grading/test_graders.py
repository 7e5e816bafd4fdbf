"""The graders are graded: every right answer passes, every wrong one fails the check and for the idea it must."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from registered import FOLDER, Registered, read

from patterns.grading.checks import exercise, there
from patterns.grading.probe import ForkServer
from patterns.grading.verdict import Verdict, grade

ANSWERS = [path for name in there() for path in sorted((FOLDER / name).glob("*.py"))]
RIGHT = [path for path in ANSWERS if path.stem.startswith("right_")]
WRONG = [path for path in ANSWERS if path.stem.startswith("wrong_")]
named = {"ids": lambda path: f"{path.parent.name}-{path.stem}"}


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer() as running:
        yield running


def complaint(registered: Registered, verdict: Verdict) -> str:
    """What is not as it must be; nothing if all is."""
    if registered.is_right:
        return "; ".join(f"{found.name}: {found.told}" for found in verdict.checks if not found.passed)
    by_name = {found.name: found for found in verdict.checks}
    found = by_name.get(registered.check)
    if found is None:
        return f"there is no check {registered.check}; there are {', '.join(by_name)}"
    if found.passed:
        failed = [f"{each.name} ({each.idea and each.idea.name})" for each in verdict.checks if not each.passed]
        return f"{found.name} passes; there failed {', '.join(failed) or 'none'}"
    got = (found.idea.name if found.idea is not None else "", found.accident)
    if registered.accident:
        return "" if got[1] == registered.accident else f"{found.name} fails as {got}: {found.told}"
    return "" if got == (registered.idea, "") else f"{found.name} fails as {got}: {found.told}"


@pytest.mark.parametrize("path", RIGHT, **named)
def test_a_right_answer_passes_whatever_the_seed(path, server: ForkServer) -> None:
    registered = read(path)
    for seed in (1, 2, 3):
        assert not complaint(registered, grade(registered.exercise, registered.source, seed=seed, server=server))


@pytest.mark.parametrize("path", WRONG, **named)
def test_a_wrong_answer_fails_the_check_it_must_for_the_idea_behind_it(path, server: ForkServer) -> None:
    registered = read(path)
    verdicts = [grade(registered.exercise, registered.source, seed=seed, server=server) for seed in (1, 2, 3)]
    assert not {complaint(registered, verdict) for verdict in verdicts} - {""}


@pytest.mark.parametrize("name", there())
def test_an_exercise_has_right_answers_and_many_wrong_ones(name: str) -> None:
    kinds = [path.stem.partition("_")[0] for path in ANSWERS if path.parent.name == name]
    assert kinds.count("right") >= 3
    assert kinds.count("wrong") >= 8
    assert exercise(name).max_points > 0
