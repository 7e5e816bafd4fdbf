"""A task group holds the workers; leaving it is what ends them."""

import asyncio


class RequestPath:
    def __init__(self, handle, handlers: int, queue_size: int):
        self._handle = handle
        self._handlers = handlers
        self._queue = asyncio.Queue(maxsize=queue_size)
        self._last = {}

    async def __aenter__(self):
        self._group = asyncio.TaskGroup()
        await self._group.__aenter__()
        self._workers = [self._group.create_task(self._work()) for _ in range(self._handlers)]
        return self

    async def __aexit__(self, kind, error, traceback):
        for _ in self._workers:
            await self._queue.put(None)  # a marker for each worker: go home
        return await self._group.__aexit__(kind, error, traceback)

    async def submit(self, connection, request):
        before = self._last.get(connection)
        answer = asyncio.get_running_loop().create_future()
        self._last[connection] = answer
        if before is not None:
            await asyncio.wait([before])
        await self._queue.put((request, answer))
        return answer

    async def _work(self):
        while (taken := await self._queue.get()) is not None:
            request, answer = taken
            try:
                result = await self._handle(request)
            except Exception as error:
                answer.set_exception(error)
            else:
                answer.set_result(result)
