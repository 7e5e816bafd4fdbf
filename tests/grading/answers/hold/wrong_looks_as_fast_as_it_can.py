"""Looks again and again without a pause, and keeps the loop busy with it.

Fails: told [busy-loop]
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
        try:
            async with asyncio.timeout(wait):
                while offset >= len(self._events):  # noqa: ASYNC110 the mistake itself
                    await asyncio.sleep(0)
        except TimeoutError:
            pass
        return self._events[offset:]
