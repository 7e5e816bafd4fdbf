"""Looks at the flag and sets it, as if nobody could look in between.

Fails: threads (look-and-set-is-one-step)
"""


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None

    def force_complete(self):
        if self.completed:
            return False
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
