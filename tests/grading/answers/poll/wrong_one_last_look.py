"""Asks once more when time is up, for it might just be done.

Fails: deadline (about-right-is-right)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    loop = asyncio.get_running_loop()
    over = loop.time() + deadline
    pause = first
    while True:
        asking = asyncio.ensure_future(check())
        try:
            done, _ = await asyncio.wait([asking], timeout=max(over - loop.time(), 0.001))
        finally:
            asking.cancel()
        if not done:
            break
        if asking.result() is not None:
            return asking.result()
        if loop.time() >= over:
            break
        pause = min(pause, cap)
        await asyncio.sleep(min(pause, over - loop.time()))
        pause *= factor
    raise TimeoutError(f"not done after {deadline} s")
