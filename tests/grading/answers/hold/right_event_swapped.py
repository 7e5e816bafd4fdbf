"""An asyncio.Event for each stretch of time without an event; whoever waits took hold of it before it looked."""

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
        try:
            async with asyncio.timeout(wait):
                while offset >= len(self._events):
                    await self._more.wait()
        except TimeoutError:
            pass
        return self._events[offset:]
