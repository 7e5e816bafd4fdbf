"""asyncio's own queue, bounded; full means closed, and closed and empty means the end."""

import asyncio


class Subscription:
    def __init__(self, capacity):
        self.queue = asyncio.Queue(capacity)
        self.closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.closed and self.queue.empty():
            raise StopAsyncIteration
        return await self.queue.get()


class Hub:
    def __init__(self):
        self.subscriptions = set()

    def subscribe(self, capacity):
        subscription = Subscription(capacity)
        self.subscriptions.add(subscription)
        return subscription

    def publish(self, event):
        for subscription in list(self.subscriptions):
            try:
                subscription.queue.put_nowait(event)
            except asyncio.QueueFull:
                subscription.closed = True
                self.subscriptions.discard(subscription)
