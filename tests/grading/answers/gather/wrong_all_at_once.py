"""Has no limit: with all of them in flight it should be quickest.

Fails: limit (more-clients-more-throughput)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    tasks = []
    try:
        async with asyncio.TaskGroup() as group:
            for key in keys:
                tasks.append(group.create_task(fetch(key)))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
