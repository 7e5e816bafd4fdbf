"""The kernel's event loop, captured once, and reached safely from any thread.

The problem: servers, tasks and widgets live on the loop that runs the notebook's cells, but a widget's
callback may run on another thread, even with another loop (ipykernel 7.1 to 7.3), and a task started there
is on the wrong loop and dies unseen.
The assumption: a cell has run first, and the loop that ran it is the one and only.
The bargain: whatever comes from outside goes through `asyncio.run_coroutine_threadsafe`; nothing in the lab
calls `ensure_future` from a callback.
"""

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_loop: asyncio.AbstractEventLoop | None = None
_scheduled: set[concurrent.futures.Future[object]] = set()  # a loop alone holds no task: it might be collected


def running() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread now, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def capture(*, afresh: bool = False) -> asyncio.AbstractEventLoop | None:
    """The lab's loop; the first call from inside a running loop sets it, and so does `afresh`.

    A loop that was closed, or that stands still while another one runs here, is given up: plain programs and
    tests make a loop a time. A kernel has one.
    """
    global _loop
    here = running()
    if here is not None and (afresh or _loop is None or _loop.is_closed() or not _loop.is_running()):
        _loop = here
    return _loop


def call(act: Callable[[], object]) -> None:
    """Call `act` on the lab's loop: now if this is it, soon from another thread; at once without a loop."""
    loop = capture()
    if loop is None or not loop.is_running() or running() is loop:
        act()
    else:
        loop.call_soon_threadsafe(act)


def schedule(coro: Coroutine[Any, Any, object]) -> None:
    """Start `coro` on the lab's loop from any thread, in the caller's context; it reports its own failure."""
    loop = capture()
    if loop is None or not loop.is_running():
        coro.close()
        raise RuntimeError("expected a running event loop, got none; run the lesson's first cell, then try again")
    under_way = asyncio.run_coroutine_threadsafe(coro, loop)
    _scheduled.add(under_way)
    under_way.add_done_callback(_scheduled.discard)


async def over(coro: Coroutine[Any, Any, T]) -> T:
    """Await `coro` on the lab's loop, wherever this runs; cancelling the wait cancels it."""
    loop = capture()
    if loop is None or running() is loop:
        return await coro
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coro, loop))


async def within(coro: Coroutine[Any, Any, T], limit_s: float) -> T:
    """Await `coro` for at most `limit_s` seconds, then cancel it and leave: TimeoutError.

    `asyncio.wait_for` waits on for a coroutine that does not heed its cancellation; this does not.
    """
    task = asyncio.ensure_future(coro)
    try:
        done, _ = await asyncio.wait([task], timeout=limit_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.cancel()
        task.add_done_callback(lambda late: late.cancelled() or late.exception())  # looked at, so not reported
        raise TimeoutError(f"expected an end within {limit_s:g} s, got none; left behind")
    return task.result()
