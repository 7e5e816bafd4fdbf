"""Gives up as soon as it sees that there will be no time for another check.

Fails: deadline (about-right-is-right)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        loop, pause = asyncio.get_running_loop(), min(first, cap)
        over = loop.time() + deadline
        while (answer := await check()) is None:
            if loop.time() + pause >= over:
                raise TimeoutError
            await asyncio.sleep(pause)
            pause = min(pause * factor, cap)
        return answer
