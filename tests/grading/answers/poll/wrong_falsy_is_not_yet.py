"""Asks on while the answer is false, and so takes 0, an empty text or False for not yet.

Fails: falsy (empty-means-done)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while not (answer := await check()):
            await asyncio.sleep(pause)
            pause = min(pause * factor, cap)
        return answer
