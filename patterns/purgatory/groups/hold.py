"""A group's lock, and the answers that leave when it is let go.

The problem: a group changes by one thread at a time, but whoever is given an answer may do anything, ask the next
question of its connection too, and under the lock that would meet a group half changed. The assumption: an answer
can wait until the change is over. The bargain: it is kept till then, in exchange for a lock under which no code
runs but the coordinator's own.
"""

from __future__ import annotations

from collections.abc import Callable

from patterns.wait.delayed_operation import Lock
from patterns.wire.kafka import Struct

Answer = Callable[[Struct | None], None]
"""Answers a request: called exactly once, from any thread."""


class Hold:
    """A re-entrant lock. `settle` is called under it, just before it is let go; what was said leaves just after."""

    __slots__ = ("_depth", "_lock", "_said", "_settle")

    def __init__(self, lock: Lock, settle: Callable[[], None]) -> None:
        self._lock = lock
        self._settle = settle
        self._depth = 0
        self._said: list[tuple[Answer, Struct]] = []

    def say(self, answer: Answer, body: Struct) -> None:
        """Give this answer, once the lock is let go. For whoever holds it."""
        self._said.append((answer, body))

    def __enter__(self) -> None:
        self._lock.__enter__()
        self._depth += 1

    def __exit__(self, *error: object) -> None:
        said: list[tuple[Answer, Struct]] = []
        try:
            if self._depth == 1:
                self._settle()
        finally:
            self._depth -= 1
            if self._depth == 0:
                said, self._said = self._said, said
            self._lock.__exit__(None, None, None)
        _deliver(said)


def _deliver(said: list[tuple[Answer, Struct]]) -> None:
    """All of them, also behind one that raises; the first error leaves here when they have been given."""
    failed: Exception | None = None
    for answer, body in said:
        try:
            answer(body)
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
