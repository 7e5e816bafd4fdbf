"""Waits for room in the fullest queue, and everybody behind it waits too.

Fails: at-once (waiting-harms-only-the-slow)
"""

import asyncio


class Subscription:
    def __init__(self, capacity):
        self.queue = asyncio.Queue(capacity)
        self.closed = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        return await self.queue.get()


class Hub:
    def __init__(self):
        self.subscriptions = []

    def subscribe(self, capacity):
        subscription = Subscription(capacity)
        self.subscriptions.append(subscription)
        return subscription

    async def publish(self, event):
        for subscription in self.subscriptions:
            await subscription.queue.put(event)
