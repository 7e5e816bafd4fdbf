"""Puts the failures among the results.

Fails: failure (a-caught-error-is-handled)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places = asyncio.Semaphore(limit)

    async def one(key):
        async with places:
            return await fetch(key)

    return await asyncio.gather(*(one(key) for key in keys), return_exceptions=True)
