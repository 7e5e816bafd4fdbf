"""Queues first, and lets the handler wait until the connection is free.

Fails: side-by-side (a-handler-may-wait)
"""

import asyncio
from collections import defaultdict


class RequestPath:
    def __init__(self, handle, handlers, queue_size):
        self.handle = handle
        self.handlers = handlers
        self.queue = asyncio.Queue(queue_size)
        self.muted = defaultdict(asyncio.Lock)

    async def __aenter__(self):
        self.workers = [asyncio.create_task(self.work()) for _ in range(self.handlers)]
        return self

    async def __aexit__(self, *_error):
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)

    async def submit(self, connection, request):
        answer = asyncio.get_running_loop().create_future()
        await self.queue.put((connection, request, answer))
        return answer

    async def work(self):
        while True:
            connection, request, answer = await self.queue.get()
            async with self.muted[connection]:
                try:
                    answer.set_result(await self.handle(request))
                except Exception as error:
                    answer.set_exception(error)
