"""What the tests of `listen` share: a client that talks and hangs up, and looking until something holds."""

import asyncio
import os


async def talk(address, data):
    """Send `data`, half-close, and return all that comes until the server hangs up."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def until(condition, step_s=0.001):
    """Look every `step_s` seconds until `condition()` holds."""
    while not condition():  # noqa: ASYNC110  # the clock jumps, so looking often costs nothing
        await asyncio.sleep(step_s)


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(os.listdir("/dev/fd"))
