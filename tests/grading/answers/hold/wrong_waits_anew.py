"""Gives each wake-up the whole wait again.

Fails: future (each-wake-up-has-the-whole-wait)
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
        while offset >= len(self._events):
            try:
                await asyncio.wait_for(self._more.wait(), wait)
            except TimeoutError:
                break
        return self._events[offset:]
