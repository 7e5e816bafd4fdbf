"""Puts an end mark into the queue, and throws an event out to make room for it.

Fails: ends (cut-off-means-lost)
"""

import asyncio

END = object()


class Subscription:
    def __init__(self, capacity):
        self.queue = asyncio.Queue(capacity)
        self.closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        event = await self.queue.get()
        if event is END:
            raise StopAsyncIteration
        return event


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
                subscription.queue.get_nowait()
                subscription.queue.put_nowait(END)
                self.subscriptions.discard(subscription)
