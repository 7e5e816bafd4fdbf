"""A list of events and, while somebody waits, a future that is told."""

import asyncio


class Subscription:
    def __init__(self, capacity):
        self.capacity, self.events, self.waiter, self.is_closed = capacity, [], None, False

    @property
    def closed(self):
        return self.is_closed

    def offer(self, event):
        if self.is_closed:
            return
        if len(self.events) == self.capacity:
            self.is_closed = True
            return
        self.events.insert(0, event)
        if self.waiter and not self.waiter.done():
            self.waiter.set_result(None)

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.events and not self.is_closed:
            self.waiter = asyncio.get_running_loop().create_future()
            try:
                await self.waiter
            finally:
                self.waiter = None
        if self.events:
            return self.events.pop()
        raise StopAsyncIteration


class Hub:
    def __init__(self):
        self.all = []

    def subscribe(self, capacity):
        self.all.append(Subscription(capacity))
        return self.all[-1]

    def publish(self, event):
        for subscription in self.all:
            subscription.offer(event)
