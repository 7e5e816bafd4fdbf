"""Calls the check and does not await it: what the call made is not None.

Fails: at-once (calling-is-awaiting)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while (answer := check()) is None:
            await asyncio.sleep(pause)
            pause = min(pause * factor, cap)
        return answer
