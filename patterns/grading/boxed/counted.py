"""Numbers that count how often they are compared: what no clock can show.

The problem: a heap of timers compares each new one with log n others, which takes a fraction of a microsecond more
with a million than with a thousand, less than any machine's noise. The assumption: a structure that keeps an order
has to compare, and what it compares was computed from the numbers it was given. The bargain: such numbers are
handed in, whose results are such numbers again; an answer that turns them into others first is not found out.
"""

from __future__ import annotations

from collections.abc import Callable


class Counted(int):
    """An int; comparing it, or what was computed from it, is counted in `Counted.comparisons`."""

    comparisons = 0

    __hash__ = int.__hash__


def _comparing(name: str) -> Callable[[int, object], object]:
    plain = getattr(int, name)

    def compare(self: int, other: object) -> object:
        Counted.comparisons += 1
        return plain(self, other)

    return compare


def _computing(name: str) -> Callable[..., object]:
    plain = getattr(int, name)

    def compute(*numbers: int) -> object:
        value = plain(*numbers)
        if isinstance(value, tuple):
            return tuple(map(Counted, value))
        return Counted(value) if isinstance(value, int) else value

    return compute


for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    setattr(Counted, f"__{_name}__", _comparing(f"__{_name}__"))
for _name in ("add", "sub", "mul", "floordiv", "mod", "divmod", "lshift", "rshift", "and", "or", "xor"):
    setattr(Counted, f"__{_name}__", _computing(f"__{_name}__"))
    setattr(Counted, f"__r{_name}__", _computing(f"__r{_name}__"))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Counted, f"__{_name}__", _computing(f"__{_name}__"))
