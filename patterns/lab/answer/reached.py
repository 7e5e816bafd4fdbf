"""What a learner has reached, as a table with a link to each exercise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from patterns.grading.checks import NAMES, exercise, there
from patterns.grading.progress import Reached
from patterns.lab.style import card, escape, mark

EXERCISES = Path(__file__).resolve().parents[3] / "exercises"


def notebook(name: str) -> str:
    """The file name of an exercise's notebook."""
    return f"{NAMES.index(name) + 1:02}_{name}.ipynb"


class Progress:
    """The exercises in order, with the points reached; shows itself in a notebook."""

    def __init__(self, reached: Mapping[str, Reached]) -> None:
        self.reached = reached
        self.exercises = [exercise(name) for name in there()]

    @property
    def points(self) -> tuple[int, int]:
        """Points reached and points there are, in all exercises."""
        got = sum(self._of(one.name, one.max_points).points for one in self.exercises)
        return got, sum(one.max_points for one in self.exercises)

    def _of(self, name: str, most: int) -> Reached:
        return self.reached.get(name, Reached(0, most, 0))

    def _repr_html_(self) -> str:
        rows = ""
        for one in self.exercises:
            now = self._of(one.name, one.max_points)
            rows += (
                f'<tr data-testid="progress-{one.name}"><td><a href="../exercises/{notebook(one.name)}">'
                f"{escape(one.title)}</a> <span class=bcp-soft>{one.name}</span></td><td>{_state(now)}</td>"
                f'<td class="bcp-num">{now.points} of {one.max_points}</td></tr>'
            )
        got, most = self.points
        heads = "".join(f'<th scope="col">{head}</th>' for head in ("exercise", "", "points"))
        caption = f'<caption class="bcp-kicker">Exercises · {got} of {most} points</caption>'
        table = f'<table class="bcp-table">{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        return card(table, testid="progress")

    def __repr__(self) -> str:
        got, most = self.points
        lines = [f"{one.title} ({one.name}): {self._line(one.name, one.max_points)}" for one in self.exercises]
        return "\n".join([f"exercises: {got} of {most} points", *lines])

    def _line(self, name: str, most: int) -> str:
        now = self._of(name, most)
        return f"{now.points} of {most} points" if now.checks else "not tried yet"


def _state(now: Reached) -> str:
    if not now.checks:
        return '<span class="bcp-soft">not tried yet</span>'
    if now.points == now.max_points:
        return mark("good", "passed")
    return mark("part", "partial") if now.points else mark("bad", "tried")
