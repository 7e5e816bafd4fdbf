"""A lesson's server alone in a process: with a log of its own, for `cost.process` to price from outside.

    async with served("patterns.alone:serve", pattern="long_polling", wait_s=600) as server: …

A log cannot be handed to another process, so it is made in there; `rate_per_s` says how often something happens.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
from typing import Any

from patterns.cost.workload import payload
from patterns.wait.log import Log
from patterns.wire.listen import Server

PATTERNS = ("push", "short_polling", "long_polling", "purgatory")
_feeding: set[asyncio.Task[None]] = set()


async def serve(pattern: str, rate_per_s: float = 0.0, payload_bytes: int = 100, **options: Any) -> Server:
    """Serve a new log by the lesson `pattern`; regular events, `rate_per_s` of them a second, from now on.

    options: the lesson's own. Raises ValueError for a pattern that is none of PATTERNS.
    """
    if pattern not in PATTERNS:
        raise ValueError(f"expected one of {', '.join(PATTERNS)}, got {pattern!r}")
    log = Log()
    server: Server = await importlib.import_module(f"patterns.{pattern}").serve(log, **options)
    if rate_per_s > 0:
        _feeding.add(asyncio.create_task(_feed(log, rate_per_s, payload_bytes)))
    return server


async def _feed(log: Log, rate_per_s: float, payload_bytes: int) -> None:
    loop = asyncio.get_running_loop()
    for number in itertools.count():
        await asyncio.sleep(1 / rate_per_s)
        log.append(payload(payload_bytes, seed=number), loop.time())
