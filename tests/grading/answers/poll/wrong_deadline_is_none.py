"""Gives None when time is up, as if that were an answer.

Fails: deadline (a-caught-error-is-handled)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    try:
        async with asyncio.timeout(deadline):
            pause = min(first, cap)
            while (answer := await check()) is None:
                await asyncio.sleep(pause)
                pause = min(pause * factor, cap)
            return answer
    except TimeoutError:
        return None
