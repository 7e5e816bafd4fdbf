"""The end is a thing in a list, and only one can take it out."""


class DelayedOperation:
    def __init__(self):
        self.completed, self.timer_entry = False, None
        self._end = [self._finish]

    def _finish(self):
        self.completed = True
        if self.timer_entry:
            self.timer_entry.cancel()
        self.on_complete()

    def force_complete(self):
        try:
            finish = self._end.pop()
        except IndexError:
            return False
        finish()
        return True

    def expire(self):
        if won := self.force_complete():
            self.on_expiration()
        return won
