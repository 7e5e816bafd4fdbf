"""Asks for as long as it takes.

Fails: deadline (polling-ends-by-itself)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    pause = min(first, cap)
    while (answer := await check()) is None:
        await asyncio.sleep(pause)
        pause = min(pause * factor, cap)
    return answer
