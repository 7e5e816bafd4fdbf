"""Takes being cancelled for one more way to be done, and returns what it has.

Fails: cancelled (a-caught-error-is-handled)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places = asyncio.Semaphore(limit)
    keys = list(keys)
    results = [None] * len(keys)

    async def one(number, key):
        async with places:
            results[number] = await fetch(key)

    tasks = [asyncio.create_task(one(number, key)) for number, key in enumerate(keys)]
    try:
        await asyncio.gather(*tasks)
    except asyncio.CancelledError:
        pass
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return results
