"""Sets closed when the reader comes to the end, not when the event was dropped.

Fails: capacity (closing-waits-for-the-reader)
"""

import asyncio
from collections import deque


class Subscription:
    def __init__(self, capacity):
        self.closed = self._over = False
        self._capacity = capacity
        self._events = deque()
        self._stirred = asyncio.Event()

    def put(self, event):
        if len(self._events) >= self._capacity:
            self._over = True
        elif not self._over:
            self._events.append(event)
        self._stirred.set()

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._events:
            if self._over:
                self.closed = True
                raise StopAsyncIteration
            self._stirred.clear()
            await self._stirred.wait()
        return self._events.popleft()


class Hub:
    def __init__(self):
        self._open = []

    def subscribe(self, capacity):
        subscription = Subscription(capacity)
        self._open.append(subscription)
        return subscription

    def publish(self, event):
        for subscription in self._open:
            subscription.put(event)
        self._open = [subscription for subscription in self._open if not subscription.closed]
