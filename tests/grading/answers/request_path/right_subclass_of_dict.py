"""A path is a dict from each connection to the future that mutes it."""

import asyncio


class RequestPath(dict):
    def __init__(self, handle, handlers, queue_size):
        super().__init__()
        self.handle, self.handlers = handle, handlers
        self.queue = asyncio.Queue(queue_size)
        self.workers = []

    async def __aenter__(self):
        self.workers = [asyncio.create_task(self.work()) for _ in range(self.handlers)]
        return self

    async def __aexit__(self, *_):
        for worker in self.workers:
            worker.cancel()
        await asyncio.gather(*self.workers, return_exceptions=True)

    async def submit(self, connection, request):
        while (before := self.get(connection)) is not None:
            await asyncio.wait([before])
        future = self[connection] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: self.pop(connection))
        try:
            await self.queue.put((request, future))
        except asyncio.CancelledError:
            future.cancel()
            raise
        return future

    async def work(self):
        while True:
            request, future = await self.queue.get()
            try:
                answer = await self.handle(request)
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(answer)
