"""A mailbox is a list of events, with a bell for each who waits."""

import asyncio


class Mailbox(list):
    def __init__(self):
        super().__init__()
        self.told = asyncio.Condition()
        self.waiting = set()

    def publish(self, event):
        self.append(event)
        for task in self.waiting:
            task.set()
        return len(self) - 1

    async def fetch(self, offset, wait):
        bell = asyncio.Event()
        self.waiting.add(bell)

        async def there():
            while len(self) <= offset:
                bell.clear()
                await bell.wait()

        try:
            await asyncio.wait_for(there(), wait)
        except TimeoutError:
            pass
        finally:
            self.waiting.remove(bell)
        return list(self[offset:])
