"""One event for everybody, set and cleared again: who is not waiting at that moment misses it.

Fails: lost-wake-up (an-event-waits-for-who-comes-late)
"""

import asyncio


class FetchPurgatory:
    def __init__(self, log):
        self.log = log
        self.pulse = asyncio.Event()

    def read(self, partitions):
        return {partition: self.log.read(partition, offset) for partition, offset in partitions.items()}

    def has_enough(self, partitions, min_bytes):
        return sum(len(data) for data in self.read(partitions).values()) >= min_bytes

    async def fetch(self, partitions, min_bytes, max_wait_ms):
        if self.has_enough(partitions, min_bytes) or max_wait_ms == 0:
            return self.read(partitions)
        try:
            async with asyncio.timeout(max_wait_ms / 1000):
                while not self.has_enough(partitions, min_bytes):
                    await asyncio.sleep(0)
                    await self.pulse.wait()
        except TimeoutError:
            pass
        return self.read(partitions)

    def appended(self, partition):
        self.pulse.set()
        self.pulse.clear()
