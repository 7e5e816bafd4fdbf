"""A subscription is a list, and a hub a list of subscriptions; the iterator is an asynchronous generator."""

import asyncio


class Subscription(list):
    def __init__(self, capacity):
        super().__init__()
        self.capacity, self.closed, self.bell = capacity, False, asyncio.Event()

    async def __aiter__(self):
        while self or not self.closed:
            if self:
                yield self.pop(0)
            else:
                self.bell.clear()
                await self.bell.wait()


class Hub(list):
    def subscribe(self, capacity):
        self.append(Subscription(capacity))
        return self[-1]

    def publish(self, event):
        for each in self:
            if each.closed:
                continue
            if len(each) == each.capacity:
                each.closed = True
            else:
                each.append(event)
            each.bell.set()
