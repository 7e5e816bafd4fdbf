"""What an answer raised, told in plain data: its kinds by name, its text, and the answer's own line."""

from __future__ import annotations

import asyncio
import builtins
import itertools
from collections.abc import Iterator
from types import TracebackType
from typing import Any

LONGEST_TEXT = 2000


def told(error: BaseException, file: str) -> dict[str, Any]:
    """`kinds` are the names of its class and those above it; `line` is the last line of `file` it came through."""
    kinds = [name(kind) for kind in type(error).__mro__]
    try:
        text = str(error)[:LONGEST_TEXT]
    except Exception:
        text = "(its text could not be made)"
    line = None
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno
    for frame, number in _frames(error.__traceback__):
        if frame == file:
            line = number
    return {"kinds": kinds, "text": text, "line": line, "group": isinstance(error, BaseExceptionGroup)}


def name(kind: type) -> str:
    """A builtin class by its name alone, others with their module's."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def made(kind: str, text: str) -> BaseException:
    """The exception the grader wants raised: a builtin one, or asyncio's `CancelledError`."""
    if kind == "CancelledError":
        return asyncio.CancelledError(text)
    made_of: type[BaseException] = getattr(builtins, kind)
    return made_of(text)


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    for _ in itertools.repeat(None, 1000):
        if traceback is None:
            return
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
