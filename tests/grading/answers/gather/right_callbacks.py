"""No coroutine waits for the tasks: their callbacks start the next ones, and one future is the end of all."""

import asyncio
from collections import OrderedDict


class Gatherer:
    def __init__(self, fetch, keys, limit):
        self.fetch, self.limit = fetch, limit
        self.todo = iter(enumerate(keys))
        self.running: OrderedDict[asyncio.Task, int] = OrderedDict()
        self.results: dict[int, object] = {}
        self.failure: BaseException | None = None
        self.over = asyncio.get_running_loop().create_future()

    def begin(self):
        while len(self.running) < self.limit and self.failure is None:
            try:
                number, key = next(self.todo)
            except StopIteration:
                break
            task = asyncio.ensure_future(self.fetch(key))
            self.running[task] = number
            task.add_done_callback(self.ended)
        if not self.running and not self.over.done():
            self.over.set_result(None)

    def ended(self, task):
        number = self.running.pop(task)
        if task.cancelled():
            pass
        elif (error := task.exception()) is not None:
            if self.failure is None:
                self.failure = error
                for other in self.running:
                    other.cancel()
        else:
            self.results[number] = task.result()
        self.begin()

    async def run(self):
        self.begin()
        try:
            await asyncio.shield(self.over)
        except asyncio.CancelledError as cancelled:
            self.failure = self.failure or cancelled
            for task in self.running:
                task.cancel()
            while not self.over.done():
                try:
                    await asyncio.shield(self.over)
                except asyncio.CancelledError:
                    continue
            raise
        if self.failure is not None:
            raise self.failure
        return [self.results[number] for number in range(len(self.results))]


async def fetch_all(fetch, keys, limit):
    return await Gatherer(fetch, list(keys), limit).run()
