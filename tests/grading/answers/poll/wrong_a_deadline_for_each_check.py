"""Gives each check the whole time, and all of them together no end.

Fails: deadline (a-time-out-each-limits-all)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    pause = min(first, cap)
    while (answer := await asyncio.wait_for(check(), deadline)) is None:
        await asyncio.sleep(pause)
        pause = min(pause * factor, cap)
    return answer
