"""Awaits each fetch before it begins the next.

Fails: filled (a-loop-of-awaits-is-together)
"""


async def fetch_all(fetch, keys, limit):
    results = []
    for key in keys:
        results.append(await fetch(key))
    return results
