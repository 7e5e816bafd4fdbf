"""Lets all of them end, and then raises the first failure in the order of the keys.

Fails: rest (tasks-end-with-their-context)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places = asyncio.Semaphore(limit)

    async def one(key):
        async with places:
            return await fetch(key)

    results = await asyncio.gather(*(one(key) for key in keys), return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results
