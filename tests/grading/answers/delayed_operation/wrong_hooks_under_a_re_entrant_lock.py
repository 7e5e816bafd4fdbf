"""A re-entrant lock lets its own thread back in, and nobody else.

Fails: hooks-without-a-lock (hooks-under-the-lock-are-safe)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._lock = threading.RLock()

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
        with self._lock:
            if not self.force_complete():
                return False
            self.on_expiration()
            return True
