"""Has one queue for all: each event goes to whoever takes it first.

Fails: delivered (a-queue-is-a-broadcast)
"""

import asyncio


class Subscription:
    def __init__(self, hub, capacity):
        self.hub, self.capacity, self.closed = hub, capacity, False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.closed and self.hub.queue.empty():
            raise StopAsyncIteration
        return await self.hub.queue.get()


class Hub:
    def __init__(self):
        self.queue, self.subscriptions = asyncio.Queue(), []

    def subscribe(self, capacity):
        self.subscriptions.append(Subscription(self, capacity))
        return self.subscriptions[-1]

    def publish(self, event):
        for subscription in self.subscriptions:
            if self.queue.qsize() >= subscription.capacity:
                subscription.closed = True
        self.queue.put_nowait(event)
