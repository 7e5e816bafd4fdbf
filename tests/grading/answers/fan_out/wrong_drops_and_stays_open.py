"""Drops the event that finds no room, and goes on as if nothing had happened.

Fails: capacity (a-dropped-event-is-noticed)
"""

import asyncio
from collections import deque


class Subscription:
    def __init__(self, capacity):
        self.closed = False
        self._capacity = capacity
        self._events = deque()
        self._stirred = asyncio.Event()

    def put(self, event):
        if len(self._events) < self._capacity:
            self._events.append(event)
        self._stirred.set()

    def __aiter__(self):
        return self

    async def __anext__(self):
        while not self._events:
            if self.closed:
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
