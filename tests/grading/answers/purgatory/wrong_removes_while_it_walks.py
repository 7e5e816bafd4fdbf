"""Takes finished operations out of the list that it is walking over.

Fails: counts (a-list-may-change-while-it-is-walked)
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
        watchers = self._lists.get(key, [])
        for operation in watchers:
            if operation.completed:
                watchers.remove(operation)
            elif operation.try_complete():
                watchers.remove(operation)
                completed += 1
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
