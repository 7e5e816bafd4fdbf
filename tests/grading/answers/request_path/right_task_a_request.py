"""No workers: a task for each request that is taken, and never more of them than there are handlers."""

import asyncio
import collections


class RequestPath:
    def __init__(self, handle, handlers, queue_size):
        self.handle = handle
        self.free = handlers
        self.room = asyncio.Semaphore(queue_size)
        self.queue = collections.deque()
        self.in_flight = {}
        self.at_work = set()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        while self.at_work:
            await asyncio.wait(self.at_work)

    async def submit(self, connection, request):
        while connection in self.in_flight:
            await asyncio.wait([self.in_flight[connection]])
        future = self.in_flight[connection] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: self.in_flight.pop(connection))
        await self.room.acquire()
        self.queue.append((request, future))
        self.take()
        return future

    def take(self):
        while self.free and self.queue:
            self.free -= 1
            self.room.release()
            task = asyncio.create_task(self.do(*self.queue.popleft()))
            self.at_work.add(task)
            task.add_done_callback(self.at_work.discard)

    async def do(self, request, future):
        try:
            future.set_result(await self.handle(request))
        except Exception as error:
            future.set_exception(error)
        finally:
            self.free += 1
            self.take()
