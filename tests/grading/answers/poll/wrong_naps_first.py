"""Naps before it asks for the first time.

Fails: at-once (a-nap-comes-first)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while True:
            await asyncio.sleep(pause)
            if (answer := await check()) is not None:
                return answer
            pause = min(pause * factor, cap)
