"""Is back at the deadline, and leaves the check that hangs to itself.

Fails: hanging (tasks-end-with-their-context)
"""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    loop = asyncio.get_running_loop()
    over = loop.time() + deadline
    pause = first
    while loop.time() < over:
        asking = asyncio.ensure_future(check())
        done, _ = await asyncio.wait([asking], timeout=over - loop.time())
        if not done:
            break
        if asking.result() is not None:
            return asking.result()
        pause = min(pause, cap)
        await asyncio.sleep(min(pause, over - loop.time()))
        pause *= factor
    raise TimeoutError(f"not done after {deadline} s")
