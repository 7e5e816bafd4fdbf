"""Takes an event that is false, such as 0 or an empty text, for no event.

Fails: delivered (nothing-is-not-a-message)
"""

import asyncio
from collections import deque


class Subscription:
    def __init__(self, capacity):
        self.capacity, self.events, self.closed = capacity, deque(), False
        self.stirred = asyncio.Event()

    def take(self):
        return self.events.popleft() if self.events else None

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not (event := self.take()):
            if self.closed:
                raise StopAsyncIteration
            self.stirred.clear()
            await self.stirred.wait()
        return event


class Hub:
    def __init__(self):
        self.subscriptions = []

    def subscribe(self, capacity):
        self.subscriptions.append(Subscription(capacity))
        return self.subscriptions[-1]

    def publish(self, event):
        for subscription in self.subscriptions:
            if not subscription.closed and len(subscription.events) < subscription.capacity:
                subscription.events.append(event)
            else:
                subscription.closed = True
            subscription.stirred.set()
