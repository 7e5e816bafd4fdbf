"""The time is over, so it has expired, whether or not somebody completed it before.

Fails: expiry (when-time-is-over-it-expired)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._lock = threading.Lock()

    def force_complete(self):
        with self._lock:
            if self.completed:
                return False
            self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        won = self.force_complete()
        self.on_expiration()
        return won
