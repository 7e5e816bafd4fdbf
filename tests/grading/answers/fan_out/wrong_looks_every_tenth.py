"""Looks every tenth of a second whether there is an event.

Fails: at-once (sleep-and-look-is-waiting)
"""

import asyncio
from collections import deque


class Subscription:
    def __init__(self, capacity):
        self.closed = False
        self._capacity = capacity
        self._events = deque()

    def put(self, event):
        if len(self._events) >= self._capacity:
            self.closed = True
        else:
            self._events.append(event)

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._events:
            if self.closed:
                raise StopAsyncIteration
            await asyncio.sleep(0.1)
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
