"""Naps for the same time, again and again.

Fails: rhythm (growth-is-growth)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while (answer := await check()) is None:  # noqa: ASYNC110 the mistake itself
            await asyncio.sleep(pause)
        return answer
