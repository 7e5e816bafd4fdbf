"""What times out is not completed: it has an end of its own.

Fails: expiry (a-timed-out-operation-is-not-completed)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._lock = threading.Lock()

    def _wins(self):
        with self._lock:
            first, self.completed = not self.completed, True
        return first

    def force_complete(self):
        if not self._wins():
            return False
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        if not self._wins():
            return False
        self.on_expiration()
        return True
