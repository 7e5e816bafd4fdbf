"""What was done, step by step, as a learner reads it: calls with their results, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

MOST = 400  # steps kept
LAST = 12  # of them are shown
WIDEST = 160  # characters of a step


Way = Literal["call", "start", "end", "stop", "ask", "reply", "cancel", ""]
"""Between whom a step goes: check → answer (call, start, stop), answer → check (end), answer → what it was given
(ask, cancel), and back (reply)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step, at a moment of the answer's time in seconds; `label` is what stands at its arrow."""

    at: float
    text: str
    way: Way = ""
    label: str = ""


class Steps:
    """The steps of one check."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._names: dict[int, str] = {}
        self.taken: list[Step] = []
        self.left_out = 0

    def note(self, text: str, way: Way = "", label: str = "") -> None:
        """A step is taken now."""
        if len(self.taken) >= MOST:
            del self.taken[: MOST // 4]
            self.left_out += MOST // 4
        self.taken.append(Step(self._now(), shorten(text), way, shorten(label or text)))

    def clear(self) -> None:
        """Begin anew: what was done before does not matter any more."""
        self.taken.clear()
        self.left_out = 0

    @contextmanager
    def in_one(self, told: str) -> Iterator[None]:
        """What is done within is one step, however often it was done; all its steps, if it fails."""
        before = list(self.taken), self.left_out, dict(self._names)
        yield
        self.taken, self.left_out, self._names = before
        self.note(told, "call")

    def call_it(self, number: int, name: str) -> None:
        """An object has a name of its own."""
        self._names[number] = name

    def name(self, number: int, of: str) -> str:
        """What an object is called: framer, then framer2."""
        if number not in self._names:
            word = of[:1].lower() + of[1:]
            same = sum(name.rstrip("0123456789") == word for name in self._names.values())
            self._names[number] = word + (str(same + 1) if same else "")
        return self._names[number]

    def drawn(self, count: int = LAST) -> list[tuple[float, str, str]]:
        """(when, way, label) of the last steps that went between two, if any of them took a way of its own."""
        steps = [step for step in self.taken[-count:] if step.way]
        return [(step.at, step.way, step.label) for step in steps] if {step.way for step in steps} - {"call"} else []

    def last(self, count: int = LAST) -> list[str]:
        """The last steps as lines; with times if any has passed."""
        steps = self.taken[-count:]
        timed = any(step.at for step in steps)
        lines = [f"{step.at:g} s  {step.text}" if timed else step.text for step in steps]
        before = self.left_out + len(self.taken) - len(steps)
        return [f"… {before} steps before", *lines] if before else lines


def called(what: object, args: Sequence[object], options: dict[str, object]) -> str:
    """`framer.feed(b'…')`."""
    given = [*map(brief, args), *(f"{key}={brief(value)}" for key, value in options.items())]
    return f"{what!r}({', '.join(given)})"


def brief(value: object) -> str:
    """A value in at most half a line: long bytes by their first and their number."""
    if isinstance(value, bytes | bytearray) and len(value) > 24:
        return f"{bytes(value[:12])!r}… ({len(value)} bytes)"
    if isinstance(value, list | tuple):
        shown = [brief(one) for one in value[:8]]
        if len(value) > 8:
            shown.append(f"… {len(value)} in all")
        return f"[{', '.join(shown)}]" if isinstance(value, list) else f"({', '.join(shown)}{',' * (len(shown) == 1)})"
    return shorten(repr(value), WIDEST // 2)


def legible(text: str, keep: str = "") -> str:
    """The text, with escapes for what moves a terminal's cursor or cannot be written in UTF-8, but for `keep`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)


def shorten(text: str, most: int = WIDEST) -> str:
    """The text, its middle left out if it is too long."""
    return text if len(text) <= most else f"{text[: most - 30]} … {text[-25:]}"
