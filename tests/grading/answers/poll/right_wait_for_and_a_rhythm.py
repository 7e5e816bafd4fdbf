"""The rhythm is a generator of its own; wait_for keeps the deadline."""

import asyncio


def pauses(first, factor, cap):
    pause = first
    while True:
        yield min(pause, cap)
        pause = min(pause, cap) * factor


async def until_done(check, rhythm):
    while (answer := await check()) is None:  # noqa: ASYNC110 a poll is what is asked for
        await asyncio.sleep(next(rhythm))
    return answer


async def poll(check, *, first, factor, cap, deadline):
    return await asyncio.wait_for(until_done(check, pauses(first, factor, cap)), deadline)
