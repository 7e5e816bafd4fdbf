"""Sets the event and takes it back in one go: who looked, but is not waiting yet, does not see it.

Fails: nobody-overlooked (look-then-wait-is-safe)
"""

import asyncio


class Mailbox:
    def __init__(self):
        self._events = []
        self._more = asyncio.Event()

    def publish(self, event):
        self._events.append(event)
        self._more.set()
        self._more.clear()
        return len(self._events) - 1

    async def fetch(self, offset, wait):
        loop = asyncio.get_running_loop()
        over = loop.time() + wait
        while offset >= len(self._events) and loop.time() < over:
            told = asyncio.create_task(self._more.wait())
            try:
                await asyncio.wait([told], timeout=over - loop.time())
            finally:
                told.cancel()
        return self._events[offset:]
