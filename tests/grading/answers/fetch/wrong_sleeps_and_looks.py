"""Looks every tenth of a second.

Fails: wakes-all (sleep-and-look-is-waiting)
"""

import asyncio


class FetchPurgatory:
    def __init__(self, log):
        self.log = log

    def read(self, partitions):
        return {partition: self.log.read(partition, offset) for partition, offset in partitions.items()}

    def has_enough(self, partitions, min_bytes):
        return sum(len(data) for data in self.read(partitions).values()) >= min_bytes

    async def fetch(self, partitions, min_bytes, max_wait_ms):
        if self.has_enough(partitions, min_bytes) or max_wait_ms == 0:
            return self.read(partitions)
        deadline = asyncio.get_running_loop().time() + max_wait_ms / 1000
        while not self.has_enough(partitions, min_bytes) and (left := deadline - asyncio.get_running_loop().time()) > 0:  # noqa: ASYNC110 - that is the mistake
            await asyncio.sleep(min(0.1, left))
        return self.read(partitions)

    def appended(self, partition):
        pass
