"""One list of entries, scanned: dear, but short."""


class Purgatory:
    def __init__(self):
        self.entries = []

    def try_complete_else_watch(self, operation, keys):
        keys = list(keys)
        if len(keys) == 0:
            raise ValueError("no keys")
        if operation.try_complete():
            return True
        self.entries += [(key, operation) for key in keys]
        return operation.try_complete()

    def check_and_complete(self, key):
        count = 0
        for entry_key, operation in tuple(self.entries):
            if entry_key == key and operation.try_complete():
                count += 1
        self._forget(lambda entry: entry[0] == key)
        return count

    @property
    def watched(self):
        return len(self.entries)

    def purge(self):
        return self._forget(lambda entry: True)

    def _forget(self, concerned):
        before = len(self.entries)
        self.entries = [entry for entry in self.entries if not (concerned(entry) and entry[1].completed)]
        return before - len(self.entries)
