"""Forgets a list of which it has completed everything, without a look whether somebody has come meanwhile.

Fails: call-back (callbacks-do-not-come-back)
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
        completed = 0
        watchers = list(self._lists.get(key, ()))
        for operation in watchers:
            if not operation.completed and operation.try_complete():
                completed += 1
        if all(operation.completed for operation in watchers):
            self._lists.pop(key, None)
        else:
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
