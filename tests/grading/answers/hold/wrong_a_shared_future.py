"""Awaits the future that all share: when one is cancelled, so are the others.

Fails: cancelled (a-shared-wait-is-mine-alone)
"""

import asyncio


class Mailbox:
    def __init__(self):
        self.log = []
        self.next = None

    def publish(self, event):
        self.log.append(event)
        if self.next is not None and not self.next.done():
            self.next.set_result(None)
            self.next = None
        return len(self.log) - 1

    async def fetch(self, offset, wait):
        loop = asyncio.get_running_loop()
        over = loop.time() + wait
        while not self.log[offset:] and loop.time() < over:
            if self.next is None or self.next.done():
                self.next = loop.create_future()
            try:
                await asyncio.wait_for(self.next, over - loop.time())
            except TimeoutError:
                break
        return self.log[offset:]
