"""Has a lock, but looks before it has it, and not again.

Fails: threads (look-and-set-is-one-step)
"""

import threading


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._lock = threading.Lock()

    def force_complete(self):
        if self.completed:
            return False
        with self._lock:
            self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        if self.force_complete():
            self.on_expiration()
            return True
        return False
