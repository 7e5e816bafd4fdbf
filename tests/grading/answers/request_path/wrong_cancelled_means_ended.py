"""Cancels its workers and does not wait until they have ended.

Fails: leaving (cancelled-means-ended)
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

    async def submit(self, connection, request):
        await self.muted[connection].acquire()
        answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self.muted[connection].release())
        await self.queue.put((request, answer))
        return answer

    async def work(self):
        while True:
            request, answer = await self.queue.get()
            try:
                answer.set_result(await self.handle(request))
            except Exception as error:
                answer.set_exception(error)
