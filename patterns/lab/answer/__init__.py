"""Exercises in a notebook: the cell with the answer, its check, and what was reached.

A cell that begins with `%%answer framing` is run as usual, and its text is kept; `check("framing")` grades exactly
that text, in a process of its own, and shows the verdict. `progress()` shows what was reached in all exercises, also
before the kernel was restarted. Importing this module teaches the kernel the magic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from patterns.grading import progress as kept
from patterns.grading.apart import grade_apart
from patterns.grading.checks import exercise
from patterns.grading.report import as_text
from patterns.lab.answer.magic import register, texts
from patterns.lab.answer.reached import Progress
from patterns.lab.answer.view import as_html
from patterns.lab.output import kernel_shell, show_html

__all__ = ["NothingToCheck", "check", "progress"]


class NothingToCheck(LookupError):
    """No answer cell of that name was run; the text says what to do."""

    def _render_traceback_(self) -> list[str]:
        """IPython's hook for an exception's own rendering: one line says it all, the frames say nothing."""
        return [f"\x1b[0;31mNothingToCheck\x1b[0m: {self}"]


def check(name: str, *, seed: int = 1) -> None:
    """Grade the text of the last `%%answer` cell of that name, show the verdict, and keep what was reached.

    The same `seed` gives the same verdict; another one draws other inputs.

    Raises:
        UnknownExercise: there is no such exercise.
        NothingToCheck: no such cell has been run since the kernel was started.
    """
    found = exercise(name)
    if name not in texts:
        raise NothingToCheck(
            f"expected an answer to {name}, got none yet: run the cell that begins with %%answer {name}, then this one"
        )
    verdict = grade_apart(name, texts[name], seed=seed)
    note = ""
    try:
        kept.record(kept.place(Path.cwd()), verdict)
    except OSError as error:
        note = f"Your progress could not be kept: {error}"
    show_html(as_html(verdict, found.title, note), "\n".join(filter(None, [as_text(verdict), note])))


def progress() -> Any:
    """What was reached in each exercise; shown when it is a cell's last expression."""
    return Progress(kept.load(kept.place(Path.cwd())))


register(kernel_shell())
