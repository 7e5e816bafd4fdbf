"""Turns whatever goes wrong into a TimeoutError.

Fails: errors (all-failures-are-alike)
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
    except Exception as error:
        raise TimeoutError(f"not done: {error}") from error
