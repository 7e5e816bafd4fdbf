"""Lets the TimeoutError out: there was nothing, so it failed.

Fails: time-up (a-timed-out-fetch-failed)
"""

import asyncio


class Mailbox:
    def __init__(self):
        self._events = []
        self._more = asyncio.Event()

    def publish(self, event):
        self._events.append(event)
        self._more.set()
        self._more = asyncio.Event()
        return len(self._events) - 1

    async def fetch(self, offset, wait):
        async with asyncio.timeout(wait):
            while offset >= len(self._events):
                await self._more.wait()
        return self._events[offset:]
