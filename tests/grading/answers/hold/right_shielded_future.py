"""One future for all who wait, shielded from each of them; the time that is left is reckoned by the loop's clock."""

import asyncio


class Mailbox:
    def __init__(self):
        self.log = []
        self.next = None

    def publish(self, event):
        self.log.append(event)
        if self.next is not None:
            self.next.set_result(None)
            self.next = None
        return len(self.log) - 1

    async def fetch(self, offset, wait):
        loop = asyncio.get_running_loop()
        over = loop.time() + wait
        while not self.log[offset:] and loop.time() < over:
            if self.next is None:
                self.next = loop.create_future()
            try:
                await asyncio.wait_for(asyncio.shield(self.next), over - loop.time())
            except TimeoutError:
                break
        return self.log[offset:]
