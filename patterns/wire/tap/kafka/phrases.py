"""What the words are made of: lists that end, numbers with their noun, errors by name."""

from collections.abc import Iterable
from typing import Any

from patterns.wire.kafka import ErrorCode

NAMES_SHOWN = 3


def few(items: Iterable[str]) -> str:
    """The first three, and how many there are."""
    listed = list(items)
    return ", ".join(listed[:NAMES_SHOWN]) + (f", … {len(listed)} in all" if len(listed) > NAMES_SHOWN else "")


def count(number: int, what: str) -> str:
    """ "1 batch", "2 batches"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}es" if what == "batch" else f"{number} {what}s"


def error(code: int) -> str:
    """The error's name; nothing if it is none."""
    return ErrorCode.name_of(code) if code else ""


def outcome(body: Any) -> str:
    """The error of the whole, or that it is done."""
    return error(getattr(body, "error_code", 0)) or "done"
