"""Reckons each pause as a power of the factor, which one day is too large for a number.

Fails: rhythm (growing-needs-no-cap)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        asked = 0
        while (answer := await check()) is None:
            await asyncio.sleep(min(first * factor**asked, cap))
            asked += 1
        return answer
