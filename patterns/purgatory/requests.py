"""From the network to a handler: one bounded queue for all requests, and those who work it off.

The problem: requests come faster than they are handled, and memory must not be what waits. The assumption: a handler
never waits for anything (what cannot be answered is parked), so a few of them do for any number of connections.
The bargain: the queue is short. When it is full, connections are not read, their bytes stay with the system, and so,
in the end, with the clients (back-pressure); a parked fetch takes no place in it and keeps no handler.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple, Protocol

from patterns.purgatory.replies import Reply
from patterns.wire.kafka import Request

STOP_LIMIT_S = 5.0  # how long a handler may take to end
IN_A_ROW = 16  # requests that a task handles before it lets others have the loop


class Asked(NamedTuple):
    """A request, and where its answer goes."""

    request: Request
    reply: Reply


class RequestQueue:
    """First in, first out, of all connections; at most `size`, and who comes then is `stalled`.

    came: called after each request that was put; room: when a place is free for one that is stalled.
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError(f"expected queue_size ≥ 1, got {size}")
        self.size = size
        self.stalled: deque[Callable[[], object]] = deque()
        self.came: Callable[[], object] = lambda: None
        self.room: Callable[[], object] = lambda: None
        self._asked: deque[Asked] = deque()

    def __len__(self) -> int:
        return len(self._asked)

    @property
    def is_full(self) -> bool:
        """Whether it takes no more."""
        return len(self._asked) >= self.size

    @property
    def has_room(self) -> bool:
        """Whether the next may come in: there is a place, and nobody waits for it already."""
        return not (self.is_full or self.stalled)

    @property
    def contents(self) -> tuple[Asked, ...]:
        """What waits for a handler, the oldest first."""
        return tuple(self._asked)

    def put(self, request: Request, reply: Reply) -> None:
        """Behind the last. Who puts has asked `is_full` before."""
        self._asked.append(Asked(request, reply))
        self.came()

    def take(self) -> Asked | None:
        """The oldest, or None."""
        try:
            asked = self._asked.popleft()
        except IndexError:
            return None
        if self.stalled:
            self.room()
        return asked

    def wait(self, ask: Callable[[], object]) -> None:
        """On the loop, of one who found it full: have `ask` called when there is room.

        That is looked at once more: a thread may have emptied it since, and have seen nobody to tell.
        """
        self.stalled.append(ask)
        self.let_in()

    def let_in(self) -> None:
        """On the loop: let those who are stalled ask again, as long as there is room."""
        while self.stalled and not self.is_full:
            self.stalled.popleft()()


class Handlers(Protocol):
    """Those who work the queue off. `at_work`: what each of them has in hand."""

    at_work: list[Asked | None]

    def wake(self) -> None:
        """There is something in the queue."""

    async def stop(self) -> None:
        """End them all."""


Handle = Callable[[Asked], object]
"""Handles a request; an awaitable it returns is awaited."""

Failed = Callable[[Asked, Exception], object]
"""Is told of what it raised."""


def _stubborn(was_told: str) -> TimeoutError:
    got = f"one that {was_told} {STOP_LIMIT_S:g} s ago and goes on"
    return TimeoutError(f"expected a handler that ends, got {got}; let it answer later, or wait for less")


class TaskHandlers:
    """Handlers as tasks on the loop: one at a time computes, but any number may wait."""

    def __init__(self, count: int, queue: RequestQueue, handle: Handle, failed: Failed) -> None:
        self.at_work: list[Asked | None] = [None] * count
        self._queue, self._handle, self._failed = queue, handle, failed
        self._loop = asyncio.get_running_loop()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._is_stopping = False
        self._tasks = [self._loop.create_task(self._work(n), name=f"handler {n}") for n in range(count)]

    def wake(self) -> None:
        """Wake one that is idle."""
        while self._idle:
            idle = self._idle.popleft()
            if not idle.done():
                idle.set_result(None)
                return

    async def stop(self) -> None:
        """Cancel them, and wait until they have ended; one that will not is reported and left."""
        self._is_stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=STOP_LIMIT_S)
        for asked, task in zip(self.at_work, self._tasks, strict=True):
            if asked is not None and not task.done():
                self._failed(asked, _stubborn("was cancelled"))

    async def _work(self, number: int) -> None:
        in_a_row = 0
        while not self._is_stopping:
            asked = self._queue.take()
            if asked is None:
                in_a_row = 0
                idle = self._loop.create_future()
                self._idle.append(idle)
                await idle
                continue
            self.at_work[number] = asked
            try:
                waiting = self._handle(asked)
                if inspect.isawaitable(waiting):
                    await waiting
            except Exception as error:
                self._failed(asked, error)
            self.at_work[number] = None
            in_a_row += 1
            if in_a_row % IN_A_ROW == 0:
                await asyncio.sleep(0)


class ThreadHandlers:
    """Handlers as threads, as Kafka has them: one that waits keeps a thread, and under the GIL one computes."""

    def __init__(self, count: int, queue: RequestQueue, handle: Handle, failed: Failed) -> None:
        self.at_work: list[Asked | None] = [None] * count
        self._queue, self._handle, self._failed = queue, handle, failed
        self._signals: SimpleQueue[bool] = SimpleQueue()  # True: something came; False: one of you may go
        self._threads = [
            threading.Thread(target=self._work, args=(n,), name=f"handler {n}", daemon=True) for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Wake one that is idle."""
        self._signals.put(True)

    async def stop(self) -> None:
        """One shutdown signal for each, behind what is in the queue; wait until they have ended.

        One that blocks for too long is reported and left; it does not keep the process.
        """
        for _ in self._threads:
            self._signals.put(False)
        await asyncio.to_thread(self._join, time.monotonic() + STOP_LIMIT_S)
        for asked, thread in zip(self.at_work, self._threads, strict=True):
            if asked is not None and thread.is_alive():
                self._failed(asked, _stubborn("was told to stop"))

    def _join(self, until_s: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))

    def _work(self, number: int) -> None:
        while self._signals.get():
            asked = self._queue.take()
            if asked is None:
                continue
            self.at_work[number] = asked
            try:
                waiting = self._handle(asked)
                if inspect.iscoroutine(waiting):
                    waiting.close()
                    raise TypeError(
                        f"expected a handler that answers without await, got {waiting.__qualname__}; "
                        "in a thread it may block, or leave out threads=True"
                    )
            except Exception as error:
                self._failed(asked, error)
            self.at_work[number] = None
