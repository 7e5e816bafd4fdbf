"""Tasks the learner starts and does not await: named, replaced when their cell runs again, failures shown."""

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import nest_asyncio2

from patterns.lab.kernel import loop as lab_loop
from patterns.lab.kernel.failures import record

T = TypeVar("T")

_REPLACED_LIMIT_S = 3.0
_HANDOVER_LIMIT_S = 5.0

_tasks: dict[str, asyncio.Task[Any]] = {}


def background(coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Run `coro` beside the cells, and return its task; what ran under this name before is ended first.

    Its failure is shown under the cell that started it, and kept in `failures`. Works from any thread;
    raises RuntimeError where no loop runs.
    """
    loop = lab_loop.capture()
    if loop is None or not loop.is_running():
        coro.close()
        raise RuntimeError("expected a running event loop, got none; call background() from a cell")
    if lab_loop.running() is loop:
        return _start(coro, name)

    async def start() -> asyncio.Task[T]:
        return _start(coro, name)

    return asyncio.run_coroutine_threadsafe(start(), loop).result(_HANDOVER_LIMIT_S)


def _start(coro: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
    before = _tasks.get(name)
    if before is not None and not before.done():
        before.cancel()

    async def after_the_one_before() -> T:
        if before is not None and not before.done():
            await asyncio.wait([before], timeout=_REPLACED_LIMIT_S)
        return await coro

    def ended(task: asyncio.Task[T]) -> None:
        coro.close()  # cancelled before its first step, it would warn that it was never awaited
        if _tasks.get(name) is task:
            del _tasks[name]
        if not task.cancelled() and (error := task.exception()) is not None:
            record(f"background task “{name}”", error)

    task = asyncio.get_running_loop().create_task(after_the_one_before(), name=name)
    task.add_done_callback(ended)
    _tasks[name] = task
    return task


async def end_all(limit_s: float) -> None:
    """Cancel every background task but the current one, and wait up to `limit_s` seconds for their end."""
    tasks = [task for task in _tasks.values() if task is not asyncio.current_task() and not task.done()]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=limit_s)


def on_click(button: Any, act: Callable[[], object]) -> None:
    """Let an ipywidgets Button start `act`, a coroutine function without arguments, on the kernel's loop.

    A failure is shown under the cell that called this, and kept in `failures`.
    """
    lab_loop.capture()
    home = contextvars.copy_context()  # output and failures belong to this cell, not to the click's message
    where = f"button “{button.tooltip or button.description}”"

    async def pressed() -> None:
        try:
            result = act()
            if inspect.isawaitable(result):
                await result
        except Exception as error:
            record(where, error)

    def clicked(_: Any) -> None:
        try:
            home.copy().run(lab_loop.schedule, pressed())
        except RuntimeError as error:
            record(where, error)

    button.on_click(clicked)


def run(coro: Coroutine[Any, Any, T]) -> T:
    """Run `coro` to its end from a plain synchronous function, in a cell or outside one. Prefer `await`.

    Inside a running loop this nests (nest-asyncio2, applied when first needed). Nested runs end last in,
    first out: a short one waits for a longer one started after it, and an interrupt may hit another's task.
    """
    loop = lab_loop.running()
    if loop is None:
        return asyncio.run(coro)
    nest_asyncio2.apply(loop)
    result: T = loop.run_until_complete(coro)
    return result
