"""Marks the end by an event that nobody would publish, it thinks: None.

Fails: delivered (end-signal-in-the-data)
"""

import asyncio


class Subscription:
    def __init__(self, capacity):
        self.capacity, self.queue, self.closed = capacity, asyncio.Queue(), False

    def __aiter__(self):
        return self

    async def __anext__(self):
        event = await self.queue.get()
        if event is None:
            self.queue.put_nowait(None)
            raise StopAsyncIteration
        return event


class Hub:
    def __init__(self):
        self.subscriptions = []

    def subscribe(self, capacity):
        self.subscriptions.append(Subscription(capacity))
        return self.subscriptions[-1]

    def publish(self, event):
        for subscription in self.subscriptions:
            if subscription.closed:
                continue
            if subscription.queue.qsize() < subscription.capacity:
                subscription.queue.put_nowait(event)
            else:
                subscription.closed = True
                subscription.queue.put_nowait(None)
