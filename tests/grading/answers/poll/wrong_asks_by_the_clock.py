"""Counts the pause from the beginning of a check, so that a slow server is asked all the sooner.

Fails: rhythm (a-pause-is-a-period)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        loop, pause = asyncio.get_running_loop(), min(first, cap)
        asked = loop.time()
        while (answer := await check()) is None:
            await asyncio.sleep(asked + pause - loop.time())
            asked = loop.time()
            pause = min(pause * factor, cap)
        return answer
