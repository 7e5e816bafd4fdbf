"""As many workers as there are places; each takes the next key when it is done with one."""

import asyncio


async def fetch_all(fetch, keys, limit):
    keys = list(keys)
    results = [None] * len(keys)
    waiting = iter(enumerate(keys))
    failures = []

    async def worker():
        for number, key in waiting:
            try:
                results[number] = await fetch(key)
            except Exception as error:
                failures.append(error)
                raise

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(limit, len(keys))):
                group.create_task(worker())
    except ExceptionGroup:
        raise failures[0] from None
    return results
