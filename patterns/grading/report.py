"""A verdict as text, for a terminal and for those who listen instead of looking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.table import Table
from rich.text import Text

from patterns.grading.batch import Row
from patterns.grading.verdict import Found, Verdict

WIDTH = 100
SIGNS = {True: "✓", False: "✗"}


def as_text(verdict: Verdict) -> str:
    """The whole verdict: each check, and for those that failed what was done, expected and got."""
    head = f"{verdict.exercise}: {verdict.points} of {verdict.max_points} points, {verdict.word}"
    return "\n".join([head, *(line for found in verdict.checks for line in of_check(found))])


def of_check(found: Found) -> Iterator[str]:
    """The lines about one check."""
    points = f"{found.points if found.passed else 0} of {found.points}"
    yield from _wrapped(f"{SIGNS[found.passed]} {found.name} ({points}): {found.says}", "  ", "    ")
    if found.passed:
        return
    yield from _wrapped(found.message, "    ")
    if found.expected:
        yield f"      expected  {found.expected}"
    if found.got:
        yield f"      got       {found.got}"
    if found.steps:
        yield "    what was done:"
        yield from (f"      {step}" for step in found.steps)
    if found.prints:
        yield "    what your code printed, at the end:"
        yield from (f"      {line}" for line in found.prints.splitlines()[-5:])
    if found.idea is not None:
        yield from _wrapped(f"{found.idea.name}: {found.idea.right} (notebooks/{found.idea.href})", "    ")


def _wrapped(text: str, first: str, others: str | None = None) -> list[str]:
    after = first if others is None else others
    return wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )


def row_as_text(row: Row) -> str:
    """What there is to say of one exercise of one notebook."""
    if row.verdict is not None:
        return f"{row.notebook}: {as_text(row.verdict)}"
    return f"{row.notebook}: {row.exercise + ': ' if row.exercise else ''}{row.word}: {row.trouble}"


def table(rows: Sequence[Row]) -> Table:
    """A row an exercise: notebook, exercise, points, verdict."""
    made = Table("notebook", "exercise", "points", "verdict", box=None, pad_edge=False)
    made.columns[2].justify = "right"
    for row in rows:
        found = row.verdict
        points = f"{found.points if found else 0} of {found.max_points if found else row.max_points}"
        cells = (row.notebook, row.exercise or "–", points if row.exercise else "–", row.word)
        made.add_row(*map(Text, cells))  # not str, in which [...] would be markup
    return made
