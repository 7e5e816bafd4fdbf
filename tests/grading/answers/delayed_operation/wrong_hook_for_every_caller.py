"""Runs the hook for everybody who calls: to send the same answer twice does no harm.

Fails: one-winner (an-answer-may-go-twice)
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
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return first

    def expire(self):
        if self.force_complete():
            self.on_expiration()
            return True
        return False
