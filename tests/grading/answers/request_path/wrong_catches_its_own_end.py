"""Catches everything, so that a worker never stops: its own cancellation as well.

Fails: leaving (tasks-end-with-their-context)
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
        answer = None
        while True:
            try:
                request, answer = await self.queue.get()
                answer.set_result(await self.handle(request))
            except BaseException as error:
                if answer is not None and not answer.done():
                    answer.set_exception(error)
