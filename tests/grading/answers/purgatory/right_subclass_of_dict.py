"""A purgatory is a dict from each key to its watchers, which are dataclasses with slots."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, eq=False)
class Entry:
    operation: Any


@dataclass(slots=True, eq=False)
class Watchers:
    entries: deque[Entry] = field(default_factory=deque)

    def watch(self, operation):
        self.entries.append(Entry(operation))

    def drop(self) -> int:
        dead = {id(entry) for entry in list(self.entries) if entry.operation.completed}
        before = len(self.entries)
        self.entries = deque(entry for entry in self.entries if id(entry) not in dead)
        return before - len(self.entries)

    def complete(self) -> int:
        won = 0
        for entry in list(self.entries):
            if not entry.operation.completed:
                won += bool(entry.operation.try_complete())
        self.drop()
        return won

    def __len__(self):
        return len(self.entries)


class Purgatory(dict):
    def __missing__(self, key):
        return self.setdefault(key, Watchers())

    def try_complete_else_watch(self, operation, keys):
        match list(keys):
            case []:
                raise ValueError("an operation without a key")
            case names:
                if operation.try_complete():
                    return True
                for name in names:
                    if operation.completed:
                        return False
                    self[name].watch(operation)
                return operation.try_complete()

    def check_and_complete(self, key):
        return self[key].complete() if key in self else 0

    watched = property(lambda self: sum(len(w) for w in self.values()))

    def purge(self):
        return sum(w.drop() for w in list(self.values()))
