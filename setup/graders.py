"""`exercises/README.md`: the exercises, how well their graders tell right from wrong, and what cheating comes to.

    .venv/bin/python setup/graders.py            prints it
    .venv/bin/python setup/graders.py --write    writes it

Everything in it is derived: from the checks, from the answers in `tests/grading/answers/`, from
`tests/grading/attacks.toml`. That each line is true is what tests/grading holds.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from registered import Registered, answers

from patterns.grading.catalogue import misconception
from patterns.grading.checks import NAMES, exercise, there

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "exercises" / "README.md"

OPENING = """# Exercises

Open one in JupyterLab (`make lab`), write your answer into the cell that begins with `%%answer`, run it, and run
`check("…")` below it: about a second later you see which checks it passed, what was done with it, what was expected,
and which idea may be behind a mistake. From a terminal, for one or for a class:

    .venv/bin/python -m patterns grade exercises/01_framing.ipynb --seed 7

An answer runs in a process of its own, in a box, and is driven from outside: it is called, its clock is moved, its
questions are answered by lot, and what it does is judged where it cannot reach. The same seed gives the same verdict.
This file is made by `setup/graders.py`, the notebooks by `setup/exercises.py` from `solutions/`.
"""

GRADED = """## The graders, graded

For each exercise there are right answers, each written another way, which have to get all points, and wrong ones, each
with one mistake of a kind that people make, which have to fail the check that is about it, for the idea behind it. Each
is graded with three seeds in `make test`, and a hundred times under load in `make soak`.
"""

ATTACKED = """## Cheating

What somebody may try who wants points without an answer. All of it is tried by `make test` on Linux, where the box is
made of Landlock and seccomp; none of it gets a point. Where neither is there (macOS) the box holds back accidents only,
and `check` says so.
"""


DETERMINED = """### What a determined cheat could still do

- Learn the checks by heart. They are in this repository, and `check` takes the seed 1 unless told otherwise: an answer
  that knows each input beforehand passes. A grade that counts takes another seed, and later a glance at the answer.
- Fit the checks instead of the contract: recognise what is being tested by the calls, and do just that.
- Lie where the answer's own process has to be asked: which tasks are left, how many locks are held, what was compared,
  which line a thread was stopped at. Everything else (values, moments, calls, CPU time) is seen from outside.
- Forge what a notebook shows: whoever owns the kernel owns its outputs. Nothing that counts is read from outputs.
- Break out of the kernel's own locks, Landlock and seccomp; or use them where they are not there (macOS).
"""


def link(name: str) -> str:
    """The exercise's notebook."""
    file = f"{NAMES.index(name) + 1:02}_{name}.ipynb"
    return f"[{exercise(name).title}]({file})"


def overview() -> Iterator[str]:
    """A line an exercise."""
    yield "| exercise | name | lesson | points | right answers that pass | wrong answers that are caught |"
    yield "|---|---|---|--:|--:|--:|"
    rights = wrongs = points = 0
    for name in there():
        found = exercise(name)
        right, wrong = len(answers(name, "right")), len(answers(name, "wrong"))
        lesson = f"[{found.lesson[:2].lstrip('0')}](../notebooks/{found.lesson}.ipynb)"
        counts = f"{right} of {right} | {wrong} of {wrong}"
        yield f"| {link(name)} | `{name}` | {lesson} | {found.max_points} | {counts} |"
        rights, wrongs, points = rights + right, wrongs + wrong, points + found.max_points
    yield f"| all | | | {points} | {rights} of {rights} | {wrongs} of {wrongs} |"


def mistakes(name: str) -> Iterator[str]:
    """The wrong answers to one exercise, a line each."""
    yield f"### {exercise(name).title} (`{name}`)"
    yield ""
    yield "| the mistake | the check that fails | the idea behind it |"
    yield "|---|---|---|"
    for wrong in answers(name, "wrong"):
        yield f"| {_cell(wrong.says)} | {wrong.check} | {_behind(wrong)} |"
    yield ""


def _behind(wrong: Registered) -> str:
    if wrong.accident:
        return f"an accident: {wrong.accident}"
    idea = misconception(wrong.idea)
    return f"[{idea.name}](../notebooks/{idea.lesson}.ipynb): {_cell(idea.wrong)}"


def attacks() -> Iterator[str]:
    """The attacks, a line each."""
    data = tomllib.loads((ROOT / "tests" / "grading" / "attacks.toml").read_text(encoding="utf-8"))
    yield "| attack | what it tries | what comes of it |"
    yield "|---|---|---|"
    for attack in data["attack"]:
        yield f"| {attack['name']} | {_cell(attack['tries'])} | {_cell(attack['comes'])} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("_", "\\_").replace("*", "\\*")


def readme() -> str:
    """The whole file."""
    tables = [line for name in there() for line in mistakes(name)]
    parts = [
        OPENING,
        "\n".join(overview()) + "\n",
        GRADED,
        "\n".join(tables),
        ATTACKED,
        "\n".join(attacks()) + "\n",
        DETERMINED,
    ]
    return "\n".join(parts)


def main() -> None:
    """Print, or write."""
    if "--write" in sys.argv[1:]:
        README.write_text(readme(), encoding="utf-8")
    else:
        print(readme(), end="")


if __name__ == "__main__":
    main()
