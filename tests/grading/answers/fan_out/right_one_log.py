"""One log for all, and a position for each subscription; the end is the place at which one ran over."""

import asyncio


class Subscription:
    def __init__(self, hub, capacity):
        self.hub, self.capacity = hub, capacity
        self.next, self.end = len(hub.log), None

    @property
    def closed(self):
        return self.end is not None

    def __aiter__(self):
        return self

    async def __anext__(self):
        while self.next == len(self.hub.log) and not self.closed:
            await self.hub.changed.wait()
        if self.next == self.end:
            raise StopAsyncIteration
        self.next += 1
        return self.hub.log[self.next - 1]


class Hub:
    def __init__(self):
        self.log, self.subscriptions, self.changed = [], [], asyncio.Event()

    def subscribe(self, capacity):
        self.subscriptions.append(Subscription(self, capacity))
        return self.subscriptions[-1]

    def publish(self, event):
        for one in self.subscriptions:
            if not one.closed and len(self.log) - one.next >= one.capacity:
                one.end = len(self.log)
        self.log.append(event)
        self.changed.set()
        self.changed = asyncio.Event()
