"""Takes its entry back when all goes well, but not when it is cancelled.

Fails: cancelled (cleaning-up-comes-after-success)
"""

import asyncio
import contextlib


class Mailbox:
    def __init__(self):
        self.events = []
        self.watchers = set()

    def publish(self, event):
        self.events.append(event)
        for watcher in self.watchers:
            watcher.set()
        return len(self.events) - 1

    async def fetch(self, offset, wait):
        stirred = asyncio.Event()
        self.watchers.add(stirred)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while len(self.events) <= offset:
                    stirred.clear()
                    await stirred.wait()
        self.watchers.discard(stirred)
        return list(self.events[offset:])
