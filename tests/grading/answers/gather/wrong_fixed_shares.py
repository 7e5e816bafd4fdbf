"""Gives each of `limit` workers its share beforehand; who is done early stands idle.

Fails: filled (a-batch-fills-free-places)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    keys = list(keys)
    results = [None] * len(keys)

    async def worker(first):
        for number in range(first, len(keys), limit):
            results[number] = await fetch(keys[number])

    try:
        async with asyncio.TaskGroup() as group:
            for first in range(limit):
                group.create_task(worker(first))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return results
