"""Each fetch has an asyncio.Event of its own, and takes it back whatever happens."""

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
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    while len(self.events) <= offset:
                        stirred.clear()
                        await stirred.wait()
            return list(self.events[offset:])
        finally:
            self.watchers.discard(stirred)
