"""Lesson 6's broker, as it is; what happens is an event of its log, a record of topic `events`."""

import asyncio

from bench.peers import HAPPENS, PAYLOAD
from patterns.purgatory import Broker
from patterns.purgatory import serve as serve_broker
from patterns.wait.log import Log


async def serve() -> Broker:
    """Serve a new log; an event at every signal."""
    log, loop = Log(), asyncio.get_running_loop()
    loop.add_signal_handler(HAPPENS, lambda: log.append(PAYLOAD, loop.time()))
    return await serve_broker(log)
