"""Lesson 5's server, as it is."""

import asyncio

from bench.peers import HAPPENS, PAYLOAD
from patterns.long_polling.held import serve as hold
from patterns.wait.log import Log
from patterns.wire.listen import Listening


async def serve(wait_s: float) -> Listening:
    """Serve a new log; an event at every signal."""
    log, loop = Log(), asyncio.get_running_loop()
    loop.add_signal_handler(HAPPENS, lambda: log.append(PAYLOAD, loop.time()))
    return await hold(log, wait_s=wait_s)
