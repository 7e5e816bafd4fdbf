"""A queue: an event goes to the one fetch that takes it, and is gone for all others.

Fails: nobody-overlooked (every-get-is-safe)
"""

import asyncio


class Mailbox:
    def __init__(self):
        self.queue = asyncio.Queue()
        self.next_offset = 0

    def publish(self, event):
        self.queue.put_nowait((self.next_offset, event))
        self.next_offset += 1
        return self.next_offset - 1

    async def fetch(self, offset, wait):
        events = []
        try:
            async with asyncio.timeout(wait):
                while not events:
                    number, event = await self.queue.get()
                    if number >= offset:
                        events.append(event)
        except TimeoutError:
            pass
        while not self.queue.empty():
            events.append(self.queue.get_nowait()[1])
        return events
