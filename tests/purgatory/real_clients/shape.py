"""The one shape that all of Kafka's real clients have in the tests."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol, TypeVar

T = TypeVar("T")
Partition = tuple[str, int]
LIMIT_S = 20.0  # for what should take a fraction of a second
HEARTBEAT_MS, SESSION_MS, BACKOFF_MS = 50, 6_000, 20

for noisy in ("kafka", "aiokafka"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)  # a broker that is stopped under them is meant


class Got(NamedTuple):
    """A record as it came."""

    partition: Partition
    offset: int
    value: bytes | None


class Reader(Protocol):
    """A consumer. With a group it subscribes, otherwise partitions are assigned. `poll_s`: how long to let it poll."""

    poll_s: float

    async def start(self) -> None: ...
    async def topics(self) -> set[str]: ...
    async def ends(self, partition: Partition) -> tuple[int, int]: ...
    async def assign(self, *partitions: Partition) -> None: ...
    async def assigned(self) -> set[Partition]: ...
    async def seek(self, partition: Partition, offset: int) -> None: ...
    async def poll(self, wait_s: float) -> list[Got]: ...
    async def commit(self) -> None: ...
    async def stop(self) -> None: ...


class Client(Protocol):
    """A maker's client: reading (under a name: as a static member), writing, and making topics."""

    name: str

    def reader(
        self, address: str, *topics: str, group: str | None = None, name: str | None = None, **fetching: int
    ) -> Reader: ...
    async def write(self, address: str, *records: tuple[Partition, bytes]) -> list[int]: ...
    async def create(self, address: str, topic: str, partitions: int) -> None: ...


class OwnThread:
    """Calls one at a time, away from the loop."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1)

    async def call(self, what: Callable[..., T], *arguments: Any, **named: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: what(*arguments, **named))

    def end(self) -> None:
        self._executor.shutdown()


async def until(condition: Callable[[], bool | Awaitable[bool]], turn: Callable[[], Awaitable[object]]) -> None:
    """Take turns until it holds; TimeoutError if it does not for very long."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            held = condition()
            if held if isinstance(held, bool) else await held:
                return
            await turn()
