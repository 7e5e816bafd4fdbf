"""The graders are graded: every right answer passes, every wrong one fails the check and for the idea it must."""

from __future__ import annotations

import atexit
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from registered import FOLDER, Registered, read

from patterns.grading.checks import NAMES, exercise, there
from patterns.grading.probe import ForkServer
from patterns.grading.verdict import Found, grade, run

ANSWERS = [path for name in there() for path in sorted((FOLDER / name).glob("*.py"))]
RIGHT = [path for path in ANSWERS if path.stem.startswith("right_")]
WRONG = [path for path in ANSWERS if path.stem.startswith("wrong_")]
SEEDS = (1, 2, 3)

named = {"ids": lambda path: f"{path.parent.name}-{path.stem}"}


def judged(wrong: Registered, seed: int, server: ForkServer) -> str:
    """What is not as it must be with the one check that has to fail; nothing if all is."""
    of = exercise(wrong.exercise)
    checks = {check.name: check for check in of.checks}
    if wrong.check not in checks:
        return f"there is no check {wrong.check}; there are {', '.join(checks)}"
    found = run(of, checks[wrong.check], wrong.source, seed, server)
    if found.passed:
        return f"{wrong.check} passes"
    if reason(found) != (wrong.idea, wrong.accident):
        return f"{wrong.check} fails as {reason(found)}: {found.told}"
    return ""


def reason(found: Found) -> tuple[str, str]:
    """The idea and the accident by name; an accident's own idea does not count."""
    idea = found.idea.name if found.idea is not None and not found.accident else ""
    return idea, found.accident


@pytest.mark.parametrize("path", RIGHT, **named)
def test_a_right_answer_has_all_points_whatever_the_seed(path: Path, server: ForkServer) -> None:
    registered = read(path)
    for seed in SEEDS:
        verdict = grade(registered.exercise, registered.source, seed=seed, server=server)
        assert [found.told for found in verdict.checks if not found.passed] == []


@pytest.mark.parametrize("path", WRONG, **named)
def test_a_wrong_answer_fails_the_check_it_must_for_the_idea_behind_it(path: Path, server: ForkServer) -> None:
    assert [judged(read(path), seed, server) for seed in SEEDS] == [""] * len(SEEDS)


@pytest.mark.parametrize("name", there())
def test_the_first_wrong_answer_to_each_exercise_gets_a_whole_verdict(name: str, server: ForkServer) -> None:
    wrong = next(read(path) for path in WRONG if path.parent.name == name)
    once, again = (grade(name, wrong.source, seed=7, server=server) for _ in range(2))
    assert once.word in ("partial", "failed")
    assert once == again, "the same seed, the same verdict, to the last word"


@pytest.mark.parametrize("name", NAMES)
def test_an_exercise_has_right_answers_and_many_wrong_ones(name: str) -> None:
    kinds = [path.stem.partition("_")[0] for path in ANSWERS if path.parent.name == name]
    assert kinds.count("right") >= 3
    assert kinds.count("wrong") >= 8
    assert exercise(name).max_points > 0


CROWD = 4 * (os.cpu_count() or 1)
"""So many grade at a time, each with a fork server of its own: the load is the others."""

_servers: list[ForkServer] = []


def _grader() -> None:
    _servers.append(ForkServer().__enter__())
    atexit.register(_servers[0].__exit__, None, None, None)


def _wrong_verdicts(path: Path, seeds: Sequence[int]) -> list[str]:
    """What is wrong with the verdicts on this answer; nothing if all are as they must be."""
    registered, (server,) = read(path), _servers
    found = []
    for seed in seeds:
        if path in WRONG:
            said = judged(registered, seed, server)
        else:
            verdict = grade(registered.exercise, registered.source, seed=seed, server=server)
            said = " ".join(f"{check.name}: {check.told}" for check in verdict.checks if not check.passed)
        if said:
            found.append(f"{path.parent.name}/{path.stem}, seed {seed}: {said}")
    return found


@pytest.mark.soak
@pytest.mark.parametrize("name", there())
def test_under_load_a_hundred_gradings_change_no_verdict(name: str) -> None:
    answers = [path for path in ANSWERS if path.parent.name == name]
    tens = [range(ten, ten + 10) for ten in range(0, 100, 10)]
    with ProcessPoolExecutor(CROWD, multiprocessing.get_context("spawn"), _grader) as crowd:
        found = [crowd.submit(_wrong_verdicts, path, seeds) for seeds in tens for path in answers]
        changed = [said for each in found for said in each.result()]
    assert not changed, "\n".join(changed)
