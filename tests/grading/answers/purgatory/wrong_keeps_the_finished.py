"""Drops what it completed itself, and leaves for ever what others completed.

Fails: counts (the-finished-leave-by-themselves)
"""


class Purgatory:
    def __init__(self):
        self._lists = {}

    def try_complete_else_watch(self, operation, keys):
        if not keys:
            raise ValueError("no keys")
        if operation.try_complete():
            return True
        for key in keys:
            self._lists.setdefault(key, []).append(operation)
        return operation.try_complete()

    def check_and_complete(self, key):
        completed = [each for each in list(self._lists.get(key, ())) if each.try_complete()]
        for operation in completed:
            if operation in self._lists.get(key, ()):
                self._lists[key].remove(operation)
        return len(completed)

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
