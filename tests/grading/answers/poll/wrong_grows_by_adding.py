"""Adds the factor to the pause instead of multiplying by it.

Fails: rhythm (growth-is-growth)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while (answer := await check()) is None:
            await asyncio.sleep(pause)
            pause = min(pause + factor, cap)
        return answer
