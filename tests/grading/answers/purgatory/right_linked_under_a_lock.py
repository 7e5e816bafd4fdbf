"""Kafka's shape: watchers with a list each, shards aside; a re-entrant lock, so that callbacks may come back."""

import threading
from collections import OrderedDict, defaultdict


class Watchers:
    def __init__(self):
        self.entries = OrderedDict()
        self.arrivals = 0

    def watch(self, operation):
        self.arrivals += 1
        self.entries[self.arrivals] = operation

    def try_complete_watched(self):
        completed = 0
        for number, operation in list(self.entries.items()):
            if not operation.completed and operation.try_complete():
                completed += 1
            if operation.completed:
                self.entries.pop(number, None)
        self.purge()
        return completed

    def purge(self):
        finished = [number for number, operation in self.entries.items() if operation.completed]
        for number in finished:
            del self.entries[number]
        return len(finished)


class Purgatory:
    def __init__(self):
        self._lock = threading.RLock()
        self._watchers = defaultdict(Watchers)

    def try_complete_else_watch(self, operation, keys):
        if not keys:
            raise ValueError(f"expected at least one key, got {keys!r}")
        with self._lock:
            if operation.try_complete():
                return True
            for key in keys:
                self._watchers[key].watch(operation)
            return operation.try_complete()

    def check_and_complete(self, key):
        with self._lock:
            return self._watchers[key].try_complete_watched() if key in self._watchers else 0

    @property
    def watched(self):
        with self._lock:
            return sum(len(each.entries) for each in self._watchers.values())

    def purge(self):
        with self._lock:
            return sum(each.purge() for each in self._watchers.values())
