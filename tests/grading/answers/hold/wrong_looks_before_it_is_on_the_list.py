"""Looks, lets the others run, and only then goes on the list of those who are told.

Fails: nobody-overlooked (look-then-wait-is-safe)
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
        if len(self.events) > offset:
            return self.events[offset:]
        await asyncio.sleep(0)  # let the others run
        stirred = asyncio.Event()
        self.watchers.add(stirred)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await stirred.wait()
                    while len(self.events) <= offset:
                        stirred.clear()
                        await stirred.wait()
            return list(self.events[offset:])
        finally:
            self.watchers.discard(stirred)
