"""What the words are made of: lists that end, numbers with their noun, errors by name."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
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


def together(told: Iterable[tuple[str, int, str]]) -> list[str]:
    """(topic, partition, what is said of it): those of a topic of which the same is said together, "t[0–2, 7]@17"."""
    numbers: dict[tuple[str, str], list[int]] = {}
    for topic, number, said in told:
        numbers.setdefault((topic, said), []).append(number)
    return [f"{topic}[{ranges(sorted(each))}]{said}" for (topic, said), each in numbers.items()]


def ranges(numbers: Sequence[int]) -> str:
    """Numbers in order: "0–3, 7"."""
    edges = [at for at, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1]
    runs = [numbers[start:end] for start, end in pairwise([0, *edges, len(numbers)])]
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs if run)
