"""Calls fetch, and gives back what the call made: coroutines that nobody has awaited.

Fails: order (calling-is-awaiting)
"""


async def fetch_all(fetch, keys, limit):
    return [fetch(key) for key in keys]
