"""Calls it completed when the hook is through, not before.

Fails: order (completed-means-the-hook-is-through)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._first = threading.Lock()

    def force_complete(self):
        if not self._first.acquire(blocking=False):
            return False
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        self.completed = True
        return True

    def expire(self):
        if self.force_complete():
            self.on_expiration()
            return True
        return False
