"""Drops what it has given out, for it has been delivered.

Fails: offsets (every-get-is-safe)
"""

import asyncio


class Mailbox:
    def __init__(self):
        self._events, self._first = [], 0
        self._more = asyncio.Event()

    def publish(self, event):
        self._events.append(event)
        self._more.set()
        self._more = asyncio.Event()
        return self._first + len(self._events) - 1

    async def fetch(self, offset, wait):
        try:
            async with asyncio.timeout(wait):
                while offset >= self._first + len(self._events):
                    await self._more.wait()
        except TimeoutError:
            return []
        events = self._events[max(0, offset - self._first) :]
        self._first += len(self._events)
        self._events = []
        return events
