"""Waits until the connection is free, and then does not look whether somebody else was quicker.

Fails: muted (answers-find-their-order-by-themselves)
"""

import asyncio


class RequestPath:
    def __init__(self, handle, handlers, queue_size):
        self.handle = handle
        self.handlers = handlers
        self.queue = asyncio.Queue(queue_size)
        self.in_flight = {}

    async def __aenter__(self):
        self.workers = [asyncio.create_task(self.work()) for _ in range(self.handlers)]
        return self

    async def __aexit__(self, *_error):
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)

    async def submit(self, connection, request):
        if connection in self.in_flight:
            await asyncio.wait([self.in_flight[connection]])
        answer = asyncio.get_running_loop().create_future()
        self.in_flight[connection] = answer
        answer.add_done_callback(lambda _: self.in_flight.pop(connection, None))
        await self.queue.put((request, answer))
        return answer

    async def work(self):
        while True:
            request, answer = await self.queue.get()
            try:
                answer.set_result(await self.handle(request))
            except Exception as error:
                answer.set_exception(error)
