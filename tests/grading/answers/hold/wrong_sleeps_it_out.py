"""Sleeps for the whole wait, and then looks.

Fails: told (held-until-time-is-up)
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
        if offset >= len(self._events):
            await asyncio.sleep(wait)
        return self._events[offset:]
