"""Looks at the clock between two checks; one that hangs never lets it look.

Fails: hanging (a-deadline-is-looked-at-between)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    loop = asyncio.get_running_loop()
    over = loop.time() + deadline
    pause = min(first, cap)
    while loop.time() < over:
        if (answer := await check()) is not None:
            return answer
        await asyncio.sleep(min(pause, over - loop.time()))
        pause = min(pause * factor, cap)
    raise TimeoutError
