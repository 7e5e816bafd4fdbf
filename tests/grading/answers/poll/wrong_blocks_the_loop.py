"""Naps with time.sleep, and the loop with it.

Fails: rhythm [blocking-call]
"""

import asyncio
import time


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while (answer := await check()) is None:
            time.sleep(pause)  # noqa: ASYNC251 the mistake itself
            pause = min(pause * factor, cap)
        return answer
