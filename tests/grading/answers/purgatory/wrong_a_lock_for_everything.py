"""A plain lock around everything: a callback that comes back waits for itself.

Fails: call-back [stuck]
"""

import threading


class Purgatory:
    def __init__(self):
        self._lists = {}
        self._lock = threading.Lock()

    def try_complete_else_watch(self, operation, keys):
        if not keys:
            raise ValueError("no keys")
        with self._lock:
            if operation.try_complete():
                return True
            for key in keys:
                self._lists.setdefault(key, []).append(operation)
            return operation.try_complete()

    def check_and_complete(self, key):
        with self._lock:
            completed = 0
            for operation in list(self._lists.get(key, ())):
                if not operation.completed and operation.try_complete():
                    completed += 1
            self._drop(key)
            return completed

    @property
    def watched(self):
        return sum(len(each) for each in self._lists.values())

    def purge(self):
        return sum(self._drop(key) for key in list(self._lists))

    def _drop(self, key):
        before = self._lists.get(key, [])
        pending = [each for each in before if not each.completed]
        if pending:
            self._lists[key] = pending
        else:
            self._lists.pop(key, None)
        return len(before) - len(pending)
