"""Tickets that belong to the class: the first operation that ends has ended them all.

Fails: apart (one-end-serves-all)
"""

import itertools


class DelayedOperation:
    completed = False
    timer_entry = None
    _tickets = itertools.count()

    def __init__(self):
        pass

    def force_complete(self):
        if next(self._tickets) > 0:
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
