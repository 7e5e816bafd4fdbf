"""Reckons with the loop's clock, and gives each check what is left of the time."""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    loop = asyncio.get_running_loop()
    over = loop.time() + deadline
    pause = first
    while loop.time() < over:
        asking = asyncio.ensure_future(check())
        try:
            done, _ = await asyncio.wait([asking], timeout=over - loop.time())
        finally:
            asking.cancel()
        if not done:
            break
        if asking.result() is not None:
            return asking.result()
        pause = min(pause, cap)
        await asyncio.sleep(min(pause, over - loop.time()))
        pause *= factor
    raise TimeoutError(f"not done after {deadline} s")
