"""Waits for a free place by looking every tenth of a second whether there is one.

Fails: filled (sleep-and-look-is-waiting)
"""

import asyncio


async def fetch_all(fetch, keys, limit):
    in_flight = 0

    async def one(key):
        nonlocal in_flight
        while in_flight >= limit:  # noqa: ASYNC110 the mistake itself
            await asyncio.sleep(0.1)
        in_flight += 1
        try:
            return await fetch(key)
        finally:
            in_flight -= 1

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(key)) for key in keys]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
