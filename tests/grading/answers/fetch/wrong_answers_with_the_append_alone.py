"""Reads again only the partition that had the append; the rest is as it was at first.

Fails: read-again (what-was-read-stays-true)
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
        found = self.read(partitions)
        if self.has_enough(partitions, min_bytes) or max_wait_ms == 0:
            return found
        woken = asyncio.get_running_loop().create_future()
        for partition in partitions:
            self.waiting.setdefault(partition, {})[woken] = (partitions, min_bytes)
        try:
            partition = await asyncio.wait_for(woken, max_wait_ms / 1000)
            return found | {partition: self.log.read(partition, partitions[partition])}
        except TimeoutError:
            pass
        finally:
            for partition in partitions:
                del self.waiting[partition][woken]
        return self.read(partitions)

    def appended(self, partition):
        for woken, question in list(self.waiting.get(partition, {}).items()):
            if not woken.done() and self.has_enough(*question):
                woken.set_result(partition)
