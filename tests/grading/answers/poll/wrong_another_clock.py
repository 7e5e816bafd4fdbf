"""Reckons with the machine's clock, on which the loop's time does not move.

Fails: hanging (any-clock-will-do)
"""

import asyncio
import time


async def poll(check, *, first, factor, cap, deadline):
    over = time.monotonic() + deadline
    pause = first
    while time.monotonic() < over:
        asking = asyncio.ensure_future(check())
        try:
            done, _ = await asyncio.wait([asking], timeout=over - time.monotonic())
        finally:
            asking.cancel()
        if not done:
            break
        if asking.result() is not None:
            return asking.result()
        pause = min(pause, cap)
        await asyncio.sleep(pause)
        pause *= factor
    raise TimeoutError(f"not done after {deadline} s")
