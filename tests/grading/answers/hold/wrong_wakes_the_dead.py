"""Wakes a fetch that was cancelled, which is an error, and whoever publishes gets it.

Fails: cancelled (cleaning-up-comes-after-success)
"""

import asyncio
from collections import defaultdict


class Mailbox:
    def __init__(self):
        self.events = []
        self.waiting = defaultdict(set)

    def publish(self, event):
        offset = len(self.events)
        self.events.append(event)
        for future in self.waiting.pop(offset, ()):
            future.set_result(None)
        return offset

    async def fetch(self, offset, wait):
        if offset >= len(self.events) and wait > 0:
            future = asyncio.get_running_loop().create_future()
            self.waiting[offset].add(future)
            try:
                await asyncio.wait_for(future, wait)
            except TimeoutError:
                self.waiting[offset].discard(future)
        return self.events[offset:]
