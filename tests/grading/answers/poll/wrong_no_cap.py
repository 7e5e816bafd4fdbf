"""Lets the pauses grow without end.

Fails: rhythm (growing-needs-no-cap)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = first
        while (answer := await check()) is None:
            await asyncio.sleep(pause)
            pause *= factor
        return answer
