"""When one subscription runs over, it gives them all up.

Fails: others (a-slow-subscriber-slows-all)
"""

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
        self.subscriptions = []

    def subscribe(self, capacity):
        self.subscriptions.append(Subscription(capacity))
        return self.subscriptions[-1]

    def publish(self, event):
        if any(subscription.queue.full() for subscription in self.subscriptions):
            for subscription in self.subscriptions:
                subscription.closed = True
            self.subscriptions = []
        for subscription in self.subscriptions:
            subscription.queue.put_nowait(event)
