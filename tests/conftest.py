"""How every test here runs: `async def` under the jumping clock, in bounded real time, leaving nothing."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import functools
import gc
import inspect
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from patterns.cost import autojump

# Real seconds for one test. Those that are not asynchronous may drive a browser or a kernel.
ASYNC_LIMIT_S = 60
LIMIT_S = 600


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "real_clock: runs an asynchronous test in an ordinary event loop")
    config.addinivalue_line("markers", "xdist_group(name): known to xdist alone, and tests may run without it")
    config.addinivalue_line("markers", "limit_s(seconds): another limit to the real time of the test")


def is_long(item: pytest.Item) -> bool:
    """Whether it takes a minute or more: begun first, one by one, such tests leave no worker idle at the end."""
    return item.nodeid.startswith(("tests/browser/", "tests/notebooks/")) or item.get_closest_marker("soak") is not None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long tests first, each for itself; of the others those of a file stay together, with its fixtures."""
    items.sort(key=lambda item: not is_long(item))
    for item in items:
        group = item.nodeid if is_long(item) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish() -> None:
    """What the imports made stays to the end: the two collections after each test need not look at it again."""
    gc.collect()
    gc.freeze()


class Failures:
    """What reached the loop's exception handler. What a test expects it takes; what stays fails it."""

    def __init__(self) -> None:
        self._contexts: list[dict[str, Any]] = []

    def record(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._contexts.append(context)

    def take(self) -> list[BaseException | str]:
        """The exceptions since the last call (or the messages, where there was none); forgets them."""
        taken, self._contexts = self._contexts, []
        return [context.get("exception") or context["message"] for context in taken]

    def describe(self) -> list[str]:
        return [f"lost exception: {context['message']}: {context.get('exception')!r}" for context in self._contexts]


@pytest.fixture
def expected_failures() -> Failures:
    """For a test in which exceptions should reach the loop's exception handler: `.take()` them."""
    return Failures()


class TooLong(KeyboardInterrupt):
    """The one kind of exception that neither the code under test nor asyncio's callbacks swallow."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    marker = item.get_closest_marker("limit_s")
    test = getattr(item, "obj", None)
    limit_s = marker.args[0] if marker else ASYNC_LIMIT_S if _is_async(test) else LIMIT_S
    if (
        threading.current_thread() is not threading.main_thread()
        or not hasattr(signal, "SIGALRM")
        or (marker is None and item.get_closest_marker("soak"))
    ):
        return (yield)

    def stop(_signal: int, _frame: object) -> None:
        faulthandler.dump_traceback(file=sys.__stderr__)  # every thread's
        raise TooLong(f"{item.nodeid} ran longer than {limit_s} s of real time")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s, 2)  # and again: cleaning up may not end either
    try:
        return (yield)
    except TooLong as error:
        pytest.fail(str(error))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an asynchronous test, or each example of an asynchronous hypothesis test, to its end."""
    test = pyfuncitem.obj
    if not _is_async(test):
        return None
    failures = pyfuncitem.funcargs.get("expected_failures") or Failures()
    real = pyfuncitem.get_closest_marker("real_clock") is not None
    run = functools.partial(run_and_look_round, failures=failures, real=real)
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    if inspect.iscoroutinefunction(test):
        run(test, arguments)
        return True
    given = test.hypothesis
    original = given.inner_test
    given.inner_test = functools.wraps(original)(lambda *args, **kwargs: run(original, kwargs, args))
    try:
        test(**arguments)
    finally:
        given.inner_test = original
    return True


def _is_async(test: Any) -> bool:
    inner = getattr(getattr(test, "hypothesis", None), "inner_test", None)
    return inspect.iscoroutinefunction(test) or inspect.iscoroutinefunction(inner)


def run_and_look_round(
    test: Callable[..., Coroutine[Any, Any, None]],
    arguments: dict[str, Any],
    positional: tuple[Any, ...] = (),
    *,
    failures: Failures,
    real: bool = False,
) -> None:
    """Run one test in a loop of its own; fail if it leaves a task, connection, socket, thread, exception."""
    threads = set(threading.enumerate())

    async def observed() -> list[str]:
        loop: Any = asyncio.get_running_loop()
        loop.set_exception_handler(failures.record)
        try:
            await test(*positional, **arguments)
            await settle(loop)
            return [*living_tasks(), *open_in(loop)]
        finally:
            # One error is enough: what this test did not close must not warn in the next.
            for transport in list(loop._transports.values()):
                transport.abort()
            await asyncio.sleep(0)

    left: list[str] = []
    if real:
        with asyncio.Runner() as runner:
            left += runner.run(observed())
    else:
        left += autojump.run(observed())
    gc.collect()  # what is unclosed warns now, and pytest makes the warning this test's failure
    left += failures.describe()
    left += [f"thread {thread.name}" for thread in threading.enumerate() if thread not in threads and not thread.daemon]
    if left:
        pytest.fail("the test left behind:\n" + "\n".join(f"  {what}" for what in left), pytrace=False)


async def settle(loop: asyncio.AbstractEventLoop) -> None:
    """Let happen what happens without waiting: callbacks already due, bytes already on their way."""
    if isinstance(loop, autojump.AutojumpEventLoop):
        await asyncio.sleep(1e-9)  # the clock only jumps when nothing is ready and nothing in flight
    else:
        for _ in range(10):
            await asyncio.sleep(0)
    gc.collect()  # a task or transport in a cycle that nobody can reach is not alive


def living_tasks() -> list[str]:
    return [f"task {autojump.account(task)}" for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def open_in(loop: Any) -> list[str]:
    """Sockets the loop still watches, and transports that are open though nobody watches them."""
    watched = {
        key.fd: f"socket {handle!r}"
        for key in loop._selector.get_map().values()
        if key.fileobj != loop._ssock.fileno()
        for handle in key.data
        if handle is not None
    }
    for descriptor, transport in list(loop._transports.items()):
        if transport._sock is None:  # closed
            continue
        with contextlib.suppress(OSError):
            mine, peer = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
            watched[descriptor] = f"connection {mine} – {peer}: {transport!r}"
    return list(watched.values())
