"""Adds up its pauses to know how late it is; the time that the checks take is not in it.

Fails: deadline (asking-takes-no-time)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    napped, pause = 0, min(first, cap)
    while napped < deadline:
        if (answer := await check()) is not None:
            return answer
        pause = min(pause, cap, deadline - napped)
        await asyncio.sleep(pause)
        napped += pause
        pause *= factor
    raise TimeoutError
