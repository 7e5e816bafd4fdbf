"""Goes through the keys in groups of `limit`, and waits for each group.

Fails: filled (a-batch-fills-free-places)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    keys, results = list(keys), []
    for first in range(0, len(keys), limit):
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(fetch(key)) for key in keys[first : first + limit]]
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        results += [task.result() for task in tasks]
    return results
