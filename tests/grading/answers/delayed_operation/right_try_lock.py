"""A lock that is taken once and never given back: to get it is to win, and to look whether it is taken is the flag."""

from threading import Lock


class DelayedOperation:
    timer_entry = None

    def __init__(self):
        self._end = Lock()

    @property
    def completed(self):
        return self._end.locked()

    def force_complete(self):
        if not self._end.acquire(blocking=False):
            return False
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        return self.force_complete() and (self.on_expiration(), True)[1]
