"""Takes a subscription out of the list that it is going through, and so passes over the one behind it.

Fails: others (a-list-may-change-while-it-is-walked)
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
        subscription = Subscription(capacity)
        self.subscriptions.append(subscription)
        return subscription

    def publish(self, event):
        for subscription in self.subscriptions:
            if subscription.queue.full():
                subscription.closed = True
                self.subscriptions.remove(subscription)
            else:
                subscription.queue.put_nowait(event)
