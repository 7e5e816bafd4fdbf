"""Asks the flag whether to expire, and not the call that ends it whether it has won.

Fails: threads (look-and-set-is-one-step)
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
        if self.completed:
            return False
        self.force_complete()
        self.on_expiration()
        return True
