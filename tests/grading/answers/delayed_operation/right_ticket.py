"""Whoever draws the first ticket wins: `next` of a count is one step of the interpreter."""

import itertools


class DelayedOperation:
    def __init__(self):
        self.completed = False
        self.timer_entry = None
        self._tickets = itertools.count()

    def force_complete(self):
        if next(self._tickets) > 0:
            return False
        self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        self.on_complete()
        return True

    def expire(self):
        won = self.force_complete()
        if won:
            self.on_expiration()
        return won
