"""Gives the results in the order in which they came.

Fails: order (answers-come-in-order)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places, results = asyncio.Semaphore(limit), []

    async def one(key):
        async with places:
            results.append(await fetch(key))

    try:
        async with asyncio.TaskGroup() as group:
            for key in keys:
                group.create_task(one(key))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return results
