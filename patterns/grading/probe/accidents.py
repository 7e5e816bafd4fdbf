"""What can happen to an answer beside being wrong, by name.

Exception
├── Accident   the answer's process cannot go on, or broke a rule of the house; costs the check it happened in
├── Raised     the answer raised an exception where the check called it
├── Failed     a check found what should be otherwise
└── NoGrader   the grader itself cannot work here
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Each accident's name and what it says to a learner; `{where}` is a place in the answer, or nothing.
ACCIDENTS = {
    "endless-loop": "your code did not come to an end: it was still computing after {limit:g} s of CPU time{where}",
    "too-slow": "your code used {what} of CPU time in this check, and right answers need a small part of it{where}",
    "stuck": "your code stood still outside the event loop for {limit:g} s: a lock, a queue or a read that nothing "
    "ends{where}",
    "blocking-call": "your code called {what} in the event loop{where}: nobody else can go on meanwhile; await "
    "asyncio.sleep(…) instead",
    "busy-loop": "your code kept the event loop busy {what} times without letting time pass{where}",
    "asks-on": "your code asked what it was given {what} times in a row, and came to no end{where}",
    "exited": "your code ended its process ({what}){where}",
    "import-failed": "your cell could not be run: {what}{where}",
    "leaked-task": "when all was over, a task of yours was still there: {what}",
    "left-open": "when all was over, something of yours was still open: {what}",
    "left-thread": "when all was over, a thread of yours was still there: {what}",
    "flood": "your code wrote more than {what} of output",
    "memory": "your code asked for more memory than the {what} it may have{where}",
    "forgotten-await": "a coroutine was made and never awaited ({what}): calling it does not run it",
    "hostile": "what came from your code's process was no message of the grader's: {what}",
    "not-run": "not run: your code had hung in {what} checks before",
}

# The idea behind an accident, by its name in the catalogue.
IDEAS = {"blocking-call": "async-blocks-nothing", "forgotten-await": "calling-is-awaiting"}

# Those that take their whole time to be seen.
HANGING = {"endless-loop", "too-slow", "stuck", "asks-on"}


class Accident(Exception):
    """An accident, by its `name` in ACCIDENTS; the text is for the learner."""

    def __init__(self, name: str, *, what: str = "", where: str = "", limit: float = 0.0) -> None:
        told = ACCIDENTS[name].format(what=what, where=f" ({where})" if where else "", limit=limit)
        super().__init__(f"{told[0].upper()}{told[1:]}.")
        self.name = name
        self.where = where


class Failed(Exception):
    """A check found what should be otherwise: `why` in a sentence, what was `expected`, what it `got`, the `idea`."""

    def __init__(self, why: str, *, expected: str = "", got: str = "", idea: str | None = None) -> None:
        self.why = why if why.endswith((".", "!", "?")) else f"{why}."
        super().__init__(self.why)
        self.expected = expected
        self.got = got
        self.idea = idea


class NoGrader(RuntimeError):
    """The grader's own processes do not work here; the text says what was expected and what came."""


class Raised(Exception):
    """What the answer raised.

    `kinds` are the names of its class and those above, builtin ones bare, others with their module's name.
    """

    def __init__(self, kinds: Sequence[str], text: str, line: int | None, is_group: bool) -> None:
        super().__init__(f"{kinds[0]}: {text}" if text else kinds[0])
        self.kinds = tuple(kinds)
        self.text = text
        self.line = line
        self.is_group = is_group

    @property
    def kind(self) -> str:
        """The name of its class."""
        return self.kinds[0]

    def is_a(self, kind: str) -> bool:
        """Whether it is of that class, or of one below it."""
        return kind in self.kinds

    @property
    def where(self) -> str:
        """`line 7`, or nothing."""
        return f"line {self.line}" if self.line else ""

    @classmethod
    def of(cls, told: Any) -> Raised:
        """From what the answer's process told; ValueError for any other shape."""
        match told:
            case {"kinds": [str(), *_] as kinds, "text": str() as text, "line": line, "group": bool() as group} if all(
                isinstance(kind, str) for kind in kinds
            ) and (line is None or type(line) is int):
                return cls([kind[:200] for kind in kinds[:50]], text[:2000], line, group)
        raise ValueError("expected an exception told as kinds, text, line and group")
