"""Says that it expired, and then completes it.

Fails: expiry (on-expiration-comes-first)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._lock = threading.Lock()

    def _end(self, *hooks):
        with self._lock:
            if self.completed:
                return False
            self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        for hook in hooks:
            hook()
        return True

    def force_complete(self):
        return self._end(self.on_complete)

    def expire(self):
        return self._end(self.on_expiration, self.on_complete)
