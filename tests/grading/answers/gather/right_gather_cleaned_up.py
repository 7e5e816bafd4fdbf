"""asyncio.gather raises the first failure; cancelling the rest and waiting for them is added."""

import asyncio


async def fetch_all(fetch, keys, limit):
    free = asyncio.Semaphore(limit)

    async def limited(key):
        await free.acquire()
        try:
            return await fetch(key)
        finally:
            free.release()

    tasks = [asyncio.create_task(limited(key)) for key in keys]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
