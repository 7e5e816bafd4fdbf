"""The asking is a task; whoever ends first, it or the time, ends the other."""

import asyncio


async def poll(check, *, first, factor, cap, deadline):
    async def asking():
        pause = first
        while True:
            result = await check()
            if result is not None:
                return result
            pause = pause if pause < cap else cap
            await asyncio.sleep(pause)
            pause = pause * factor

    task = asyncio.create_task(asking())
    try:
        done, _ = await asyncio.wait({task}, timeout=deadline)
        if done:
            return task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})
    raise TimeoutError
