"""An hour from inside a running loop: the jumping clock in a worker thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import threading
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any, Generic, TypeVar

from patterns.cost.autojump.loop import AutojumpEventLoop

T = TypeVar("T")

PROGRESS_S = 0.1  # real seconds between two calls of `progress`
STALL_S = 2.0  # real seconds in which a cancelled coroutine must let its loop turn; if not, its thread is interrupted


class _Interrupted(KeyboardInterrupt):
    """Raised in a coroutine that never yields, wherever it is; no other kind of exception leaves a loop."""


class _Worker(Generic[T]):
    """A thread that runs one coroutine under the jumping clock and keeps what came of it."""

    def __init__(
        self, make: Callable[[], Coroutine[Any, Any, T]], patience_s: float, caller: asyncio.AbstractEventLoop
    ) -> None:
        self._make = make
        self._caller = caller
        self._cancelled = False
        self._task: asyncio.Task[T] | None = None
        self._lock = threading.Lock()
        self._thread_id = 0
        self._over = threading.Event()
        self.loop = AutojumpEventLoop(patience_s)
        self.result: T | None = None
        self.error: BaseException | None = None

    def work(self) -> None:
        self._thread_id = threading.get_ident()
        try:
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                try:
                    self.result = runner.run(self._main())
                finally:
                    if self._cancelled:
                        runner.run(self._hang_up())
        except BaseException as error:
            self.error = error
        finally:
            self._over.set()

    async def _main(self) -> T:
        self.loop.set_exception_handler(self._tell_the_caller)
        with self._lock:
            if self._cancelled:  # before there is a task: a second cancel() must not look for it in a closed loop
                raise asyncio.CancelledError
            self._task = asyncio.current_task()
        try:
            return await self._make()
        finally:
            with self._lock:
                self._task = None

    async def _hang_up(self) -> None:
        """Close what an interrupted learner's code left open: it cannot, and would be warned of it."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        for error in await asyncio.gather(*others, return_exceptions=True):
            if isinstance(error, Exception):
                self.loop.call_exception_handler({"message": "while it was cancelled", "exception": error})
        for transport in list(getattr(self.loop, "_transports", {}).values()):
            transport.abort()
        await asyncio.sleep(0)

    def _tell_the_caller(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody awaits in here is reported where the caller's own is: in a notebook, to the learner."""
        if self._cancelled and isinstance(context.get("future"), asyncio.Future):
            return  # a result that is never retrieved, because whoever would have done it was interrupted
        # As text: since Python 3.12 the handler would run in the context of this task, future or handle, which
        # this thread may not have left yet, and no two threads can be within one.
        told = {key: repr(value) if key in {"task", "future", "handle"} else value for key, value in context.items()}
        if isinstance(task := context.get("task") or context.get("future"), asyncio.Task):
            told["message"] = f"{context['message']}: task {task.get_name()}"
        self._caller.call_soon_threadsafe(self._caller.call_exception_handler, told)

    def cancel(self) -> None:
        """From the caller's thread."""
        with self._lock:
            if not self._cancelled:
                threading.Thread(target=self._insist, name="autojump stop", daemon=True).start()
            self._cancelled = True
            if self._task is not None:
                self.loop.call_soon_threadsafe(self._task.cancel)

    def _insist(self) -> None:
        """Interrupt code that never yields, such as one that reads on behind the end: it cannot be cancelled."""
        while not self._over.wait(STALL_S / 4):
            turned = threading.Event()
            try:
                self.loop.call_soon_threadsafe(turned.set)
            except RuntimeError:  # closed
                return
            if not turned.wait(STALL_S) and not self._over.is_set():
                thread_id, error = ctypes.c_ulong(self._thread_id), ctypes.py_object(_Interrupted)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread_id, error)


async def elsewhere(
    make: Callable[[], Coroutine[Any, Any, T]],
    *,
    patience_s: float = 1.0,
    progress: Callable[[float], object] | None = None,
) -> T:
    """Run `make()` under the jumping clock in a thread of its own; await its result from a running loop.

    The calling loop goes on meanwhile, its exception handler is told of failures in there that nobody
    awaits, and nothing else is shared but what `make` closes over: sockets and
    servers of the calling loop cannot be used in there. Context variables are seen as they are now.

    Args:
        make: makes the coroutine; called in the worker's loop.
        patience_s: as in `run`.
        progress: called in the calling loop with the virtual time in seconds, at most ten times a second
            of real time, and once at the end.

    Returns:
        What the coroutine returned. What it raised is raised here, with its traceback.

    Raises:
        asyncio.CancelledError: the caller was cancelled; the coroutine has been cancelled too, and its
            loop is cleaned up and closed. One that never yields is interrupted after some 2 s, wherever it is.
    """
    caller = asyncio.get_running_loop()
    worker = _Worker(make, patience_s, caller)
    done = caller.create_future()

    def work() -> None:
        try:
            worker.work()
        finally:
            caller.call_soon_threadsafe(done.set_result, None)

    # A daemon, so that a kernel that shuts down does not wait for the end of the hour.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="autojump", daemon=True)
    # Called under a jumping clock itself (a test), that clock must not jump meanwhile.
    with caller.standing_still() if isinstance(caller, AutojumpEventLoop) else nullcontext():
        thread.start()
        failure = await _watch(worker, done, progress)
    thread.join()
    if worker.error is not None and not isinstance(worker.error, asyncio.CancelledError | _Interrupted):
        raise worker.error
    if failure is not None:
        raise failure
    if worker.error is not None:
        raise worker.error
    return worker.result  # type: ignore[return-value]  # without an error there is a result


async def _watch(
    worker: _Worker[Any], done: asyncio.Future[None], progress: Callable[[float], object] | None
) -> BaseException | None:
    """Return when the worker has ended: None, or what made it end early (cancelled, progress failed)."""
    failure: BaseException | None = None
    while not done.done():
        try:
            await asyncio.wait({done}, timeout=PROGRESS_S if progress and not failure else None)
            if progress and not failure:
                progress(worker.loop.time())
        except BaseException as error:
            failure = failure or error
            worker.cancel()
    return failure
