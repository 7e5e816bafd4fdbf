"""Takes an error of the check for not yet, and asks again.

Fails: errors (an-error-is-not-yet)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async with asyncio.timeout(deadline):
        pause = min(first, cap)
        while True:
            try:
                if (answer := await check()) is not None:
                    return answer
            except Exception:
                pass
            await asyncio.sleep(pause)
            pause = min(pause * factor, cap)
