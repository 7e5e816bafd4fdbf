"""The cell magic `%%answer NAME`: run the cell as usual, and keep its text for the check."""

from __future__ import annotations

from typing import Any

from patterns.grading.checks import exercise

texts: dict[str, str] = {}
"""The text of the last answer cell of each exercise, without its first line."""


class Misnamed(ValueError):
    """The line after `%%answer` names no exercise."""


def register(shell: Any) -> None:
    """Teach `shell` the magic; None, outside a kernel, is left alone."""
    if shell is not None:
        shell.register_magic_function(lambda line, cell: answer(shell, line, cell), "cell", "answer")


def answer(shell: Any, line: str, cell: str) -> None:
    """Run `cell` in the notebook's namespace, and keep its text; kept even if running it fails.

    Raises:
        Misnamed: `line` is no exercise's name.
    """
    name = line.strip()
    try:
        exercise(name)
    except KeyError as error:
        raise Misnamed(f"%%answer {name}: {error}") from None
    texts[name] = cell
    file = shell.compile.cache(cell, shell.execution_count, raw_code=cell)  # so that a traceback shows the line
    exec(compile(cell, file, "exec", dont_inherit=True), shell.user_ns)
