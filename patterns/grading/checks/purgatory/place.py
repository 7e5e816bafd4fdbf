"""An answer's purgatory, and operations to put there."""

from __future__ import annotations

from collections.abc import Callable

from patterns.grading.checks import Answer, Attribute, Exercise, expect

exercise = Exercise("purgatory", lesson="06_purgatory", title="Wait for what will come")

KEYS = ("events-0", "events-1", "events-2", "photos-0", "photos-1")


class Waiting:
    """An operation on the grader's side: it completes when it is `ready`.

    `after_look` is called with the number of the try when a try has looked, and before it says what it saw;
    `on_complete` when it has been completed by a try.
    """

    def __init__(self, answer: Answer, name: str, *, ready: bool = False) -> None:
        self.name = name
        self.ready = ready
        self.completed = False
        self.tries = 0
        self.after_look: Callable[[int], object] = lambda _: None
        self.on_complete: Callable[[], object] = lambda: None
        completed = Attribute(lambda: self.completed)
        self.thing = answer.object(f"operation {name}", try_complete=self.try_complete, completed=completed)

    def try_complete(self) -> bool:
        """What the purgatory calls."""
        self.tries += 1
        is_ready = self.ready
        self.after_look(self.tries)
        if self.completed or not is_ready:
            return False
        self.completed = True
        self.on_complete()
        return True


class Place:
    """A purgatory of the answer, and the operations that were put there; `log` has the completed ones in order."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.purgatory = answer.Purgatory()
        self.log: list[str] = []

    def waiting(self, name: str, *, ready: bool = False) -> Waiting:
        """An operation that is not there yet."""
        operation = Waiting(self.answer, name, ready=ready)
        operation.on_complete = lambda: self.log.append(name)
        return operation

    def watch(self, operation: Waiting, *keys: str) -> object:
        """Complete it or put it aside."""
        return self.purgatory.try_complete_else_watch(operation.thing, list(keys))

    def watched(self, names: str, *keys: str) -> list[Waiting]:
        """Operations of these one-letter names, put aside in this order under the same keys."""
        operations = [self.waiting(name) for name in names]
        for operation in operations:
            self.watch(operation, *keys)
        return operations

    def event(self, key: str) -> object:
        """Something happens under a key."""
        return self.purgatory.check_and_complete(key)

    @property
    def entries(self) -> int:
        """How many are on all lists."""
        watched = self.purgatory.get("watched")
        is_count = isinstance(watched, int) and not isinstance(watched, bool)
        why = "watched is a property: the number of entries on all lists."
        expect.true(is_count, why, expected="a number", got=watched, idea="watched-counts-operations")
        return int(watched)

    def purge(self) -> object:
        """Drop what has finished."""
        return self.purgatory.purge()
