"""asyncio.gather raises the first failure, and leaves all the others running.

Fails: rest (tasks-end-with-their-context)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places = asyncio.Semaphore(limit)

    async def one(key):
        async with places:
            return await fetch(key)

    return await asyncio.gather(*(one(key) for key in keys))
