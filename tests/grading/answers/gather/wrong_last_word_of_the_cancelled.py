"""Raises whatever failed last: a clean-up that fails as well takes the place of the first failure.

Fails: failure (the-last-word-counts)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places = asyncio.Semaphore(limit)

    async def one(key):
        async with places:
            return await fetch(key)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(key)) for key in keys]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[-1] from None
    return [task.result() for task in tasks]
