"""Kafka's shape: an operation that is watched under its partitions, completed by an append or by a timer."""

import asyncio


class DelayedFetch:
    def __init__(self, log, partitions, min_bytes):
        self.log = log
        self.partitions = partitions
        self.min_bytes = min_bytes
        self.answer = asyncio.get_running_loop().create_future()

    def read(self):
        return {partition: self.log.read(partition, offset) for partition, offset in self.partitions.items()}

    def try_complete(self):
        data = self.read()
        if not self.answer.done() and sum(len(each) for each in data.values()) >= self.min_bytes:
            self.answer.set_result(data)

    def expire(self):
        if not self.answer.done():
            self.answer.set_result(self.read())


class FetchPurgatory:
    def __init__(self, log):
        self.log = log
        self.watch_lists = {}

    async def fetch(self, partitions: dict[str, int], min_bytes: int, max_wait_ms: int) -> dict[str, bytes]:
        operation = DelayedFetch(self.log, partitions, min_bytes)
        operation.try_complete()
        if max_wait_ms == 0:
            operation.expire()
        if operation.answer.done():
            return operation.answer.result()
        for partition in partitions:
            self.watch_lists.setdefault(partition, []).append(operation)
        time_out = asyncio.get_running_loop().call_later(max_wait_ms / 1000, operation.expire)
        try:
            return await operation.answer
        finally:
            time_out.cancel()
            for partition in partitions:
                self.watch_lists[partition].remove(operation)
                if not self.watch_lists[partition]:
                    self.watch_lists.pop(partition)

    def appended(self, partition: str) -> None:
        for operation in tuple(self.watch_lists.get(partition, ())):
            operation.try_complete()
