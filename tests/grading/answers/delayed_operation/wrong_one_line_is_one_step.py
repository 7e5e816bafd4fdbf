"""Looks and sets in one line, and takes a line for one step.

Fails: threads (look-and-set-is-one-step)
"""


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None

    def force_complete(self):
        was_completed, self.completed = self.completed, True
        if was_completed:
            return False
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        if self.force_complete():
            self.on_expiration()
            return True
        return False
