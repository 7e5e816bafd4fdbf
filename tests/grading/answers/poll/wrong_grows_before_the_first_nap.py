"""Multiplies before the first nap, so that none is as short as was asked for.

Fails: rhythm (about-right-is-right)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while (answer := await check()) is None:
            pause = min(pause * factor, cap)
            await asyncio.sleep(pause)
        return answer
