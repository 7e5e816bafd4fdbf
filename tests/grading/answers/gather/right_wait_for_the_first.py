"""Waits for the first of those in flight, again and again, and cleans up whatever happens."""

import asyncio


async def fetch_all(fetch, keys, limit):
    results, in_flight = {}, {}
    waiting = list(enumerate(keys))
    waiting.reverse()
    try:
        while waiting or in_flight:
            while waiting and len(in_flight) < limit:
                number, key = waiting.pop()
                in_flight[asyncio.ensure_future(fetch(key))] = number
            done, _ = await asyncio.wait(in_flight, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                results[in_flight.pop(task)] = task.result()
    finally:
        for task in in_flight:
            task.cancel()
        await asyncio.gather(*in_flight, return_exceptions=True)
    return [results[number] for number in sorted(results)]
