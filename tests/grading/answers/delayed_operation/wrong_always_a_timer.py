"""Every operation has a time-out, so there is always something to cancel.

Fails: order (every-operation-has-a-time-out)
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
        self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        if self.force_complete():
            self.on_expiration()
            return True
        return False
