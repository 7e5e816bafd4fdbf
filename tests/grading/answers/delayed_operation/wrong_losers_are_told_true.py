"""Tells everybody that it is completed, which is not what they asked.

Fails: one-winner (completed-means-i-completed-it)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._lock = threading.Lock()

    def force_complete(self):
        with self._lock:
            first, self.completed = not self.completed, True
        if first:
            if self.timer_entry is not None:
                self.timer_entry.cancel()
            self.on_complete()
        return self.completed

    def expire(self):
        if self.completed:
            return False
        won = self.force_complete()
        self.on_expiration()
        return won
