"""One condition for everything that is waited for, and plain data behind it."""

import asyncio
from collections import deque


class RequestPath:
    def __init__(self, handle, handlers, queue_size):
        self.handle, self.handlers, self.queue_size = handle, handlers, queue_size
        self.changed = asyncio.Condition()
        self.waiting = deque()
        self.muted = set()

    async def __aenter__(self):
        self.tasks = {asyncio.create_task(self.handler()) for _ in range(self.handlers)}
        return self

    async def __aexit__(self, kind, error, traceback):
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)

    async def submit(self, connection, request):
        async with self.changed:
            await self.changed.wait_for(
                lambda: connection not in self.muted and len(self.waiting) < self.queue_size,
            )
            self.muted.add(connection)
            future = asyncio.Future()
            self.waiting.append((connection, request, future))
            self.changed.notify_all()
        return future

    async def handler(self):
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda: self.waiting)
                connection, request, future = self.waiting.popleft()
                self.changed.notify_all()
            try:
                result = await self.handle(request)
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            async with self.changed:
                self.muted.discard(connection)
                self.changed.notify_all()
