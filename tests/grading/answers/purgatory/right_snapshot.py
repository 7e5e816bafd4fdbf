"""A dictionary by key of operations in order of arrival; each walk goes over a snapshot of its list."""


class Purgatory:
    def __init__(self):
        self._lists = {}

    def try_complete_else_watch(self, operation, keys):
        if not keys:
            raise ValueError("expected at least one key, got none: nothing could complete the operation")
        if operation.try_complete():
            return True
        for key in keys:
            self._lists.setdefault(key, {})[operation] = None
        return operation.try_complete()

    def check_and_complete(self, key):
        completed = sum(each.try_complete() for each in list(self._lists.get(key, ())) if not each.completed)
        self._drop(key)
        return completed

    @property
    def watched(self):
        return sum(map(len, self._lists.values()))

    def purge(self):
        return sum(self._drop(key) for key in list(self._lists))

    def _drop(self, key):
        watchers = self._lists.get(key, {})
        finished = [each for each in watchers if each.completed]
        for each in finished:
            del watchers[each]
        if not watchers:
            self._lists.pop(key, None)
        return len(finished)
