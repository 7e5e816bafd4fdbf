"""Every append wakes all who wait for its partition; each looks whether it has enough, and else waits again."""

import asyncio


class FetchPurgatory:
    def __init__(self, log):
        self.log = log
        self.watchers = {}

    async def fetch(self, partitions, min_bytes, max_wait_ms):
        loop = asyncio.get_running_loop()
        deadline = loop.time() + max_wait_ms / 1000
        event = asyncio.Event()
        for partition in partitions:
            self.watchers.setdefault(partition, set()).add(event)
        try:
            while True:
                event.clear()
                data = {each: self.log.read(each, offset) for each, offset in partitions.items()}
                left_s = deadline - loop.time()
                if sum(len(each) for each in data.values()) >= min_bytes or left_s <= 0:
                    return data
                try:
                    await asyncio.wait_for(event.wait(), left_s)
                except TimeoutError:
                    return {each: self.log.read(each, offset) for each, offset in partitions.items()}
        finally:
            for partition in partitions:
                self.watchers[partition].discard(event)
                if not self.watchers[partition]:
                    del self.watchers[partition]

    def appended(self, partition):
        for event in self.watchers.get(partition, ()):
            event.set()
