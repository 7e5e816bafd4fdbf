"""A future for each fetch that waits, found under each of its partitions; what is there is read again at the end."""

import asyncio
from collections import defaultdict


class FetchPurgatory:
    def __init__(self, log):
        self.log = log
        self.waiting = defaultdict(dict)  # partition → those who wait, in order of arrival: a future and a question

    async def fetch(self, partitions, min_bytes, max_wait_ms):
        def read():
            return {partition: self.log.read(partition, offset) for partition, offset in partitions.items()}

        def has_enough(found):
            return sum(map(len, found.values())) >= min_bytes

        found = read()
        if has_enough(found) or max_wait_ms <= 0:
            return found
        enough = asyncio.get_running_loop().create_future()
        for partition in partitions:
            self.waiting[partition][enough] = lambda: has_enough(read())
        try:
            async with asyncio.timeout(max_wait_ms / 1000):
                await enough
        except TimeoutError:
            pass
        finally:
            for partition in partitions:
                del self.waiting[partition][enough]
                if not self.waiting[partition]:
                    del self.waiting[partition]
        return read()

    def appended(self, partition):
        for enough, has_enough in list(self.waiting.get(partition, {}).items()):
            if not enough.done() and has_enough():
                enough.set_result(None)
