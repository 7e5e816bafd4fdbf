"""Has room for one who waits; the next takes that place, and the first is not told.

Fails: nobody-overlooked (one-buffer-serves-all)
"""

import asyncio


class Mailbox:
    def __init__(self):
        self.events = []
        self.waiting = None

    def publish(self, event):
        offset = len(self.events)
        self.events.append(event)
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(None)
        return offset

    async def fetch(self, offset, wait):
        loop = asyncio.get_running_loop()
        over = loop.time() + wait
        while offset >= len(self.events) and loop.time() < over:
            self.waiting = loop.create_future()
            await asyncio.wait([self.waiting], timeout=over - loop.time())
        return self.events[offset:]
