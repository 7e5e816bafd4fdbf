"""Takes what is done out of its list when an event comes, but not what was cancelled.

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
            if not future.done():
                future.set_result(None)
        return offset

    async def fetch(self, offset, wait):
        if offset >= len(self.events) and wait > 0:
            future = asyncio.get_running_loop().create_future()
            self.waiting[offset].add(future)
            await asyncio.wait([future], timeout=wait)
        return self.events[offset:]
