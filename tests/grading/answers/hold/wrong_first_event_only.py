"""Hands the event that woke it to whoever waits, and leaves those behind it for later.

Fails: told (one-answer-one-event)
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
            if not future.done():
                future.set_result([event])
        return offset

    async def fetch(self, offset, wait):
        if offset >= len(self.events) and wait > 0:
            future = asyncio.get_running_loop().create_future()
            self.waiting[offset].add(future)
            try:
                async with asyncio.timeout(wait):
                    return await future
            except TimeoutError:
                return []
            finally:
                if offset in self.waiting:
                    self.waiting[offset].discard(future)
                    if not self.waiting[offset]:
                        del self.waiting[offset]
        return self.events[offset:]
