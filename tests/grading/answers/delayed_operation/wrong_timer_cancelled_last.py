"""Answers first and cancels the time-out afterwards.

Fails: order (a-time-out-is-cancelled-afterwards)
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
        self.on_complete()
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        return True

    def expire(self):
        if self.force_complete():
            self.on_expiration()
            return True
        return False
