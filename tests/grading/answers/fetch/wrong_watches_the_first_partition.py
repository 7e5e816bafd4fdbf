"""Waits under its first partition only.

Fails: sum (one-key-is-enough)
"""

import asyncio


class FetchPurgatory:
    def __init__(self, log):
        self.log = log
        self.waiting = {}

    def read(self, partitions):
        return {partition: self.log.read(partition, offset) for partition, offset in partitions.items()}

    def has_enough(self, partitions, min_bytes):
        return sum(len(data) for data in self.read(partitions).values()) >= min_bytes

    async def fetch(self, partitions, min_bytes, max_wait_ms):
        if self.has_enough(partitions, min_bytes) or max_wait_ms == 0:
            return self.read(partitions)
        woken = asyncio.get_running_loop().create_future()
        partition = next(iter(partitions))
        self.waiting.setdefault(partition, {})[woken] = (partitions, min_bytes)
        try:
            await asyncio.wait_for(woken, max_wait_ms / 1000)
        except TimeoutError:
            pass
        finally:
            del self.waiting[partition][woken]
        return self.read(partitions)

    def appended(self, partition):
        for woken, question in list(self.waiting.get(partition, {}).items()):
            if not woken.done() and self.has_enough(*question):
                woken.set_result(None)
