"""Opening a lesson: everything a notebook needs before its first server."""

import asyncio
import atexit
import contextlib
import gc
import resource
import sys
import threading
import time

from patterns.lab.kernel import loop as lab_loop
from patterns.lab.kernel import run_first
from patterns.lab.kernel.failures import on_loop_exception, on_thread_exception, remember_cell
from patterns.lab.kernel.interrupt import wake_on_signals
from patterns.lab.kernel.servers import SERVERS
from patterns.lab.output import kernel_shell, show_html
from patterns.lab.style import card, escape

EXIT_LIMIT_S = 3.0

_registered = False


def open_lesson(name: str = "01_request_response") -> None:
    """Prepare this kernel for the lesson `name` (its notebook without .ipynb), and say so in one line.

    Captures the kernel's loop, raises the limit of open descriptors to the hard one, shows failures that
    nobody awaits, explains cells run too early, lets the stop button interrupt at once, sets aside what is
    loaded so that collecting garbage does not hold the loop up, and stops all servers at kernel shutdown.
    Running it again changes nothing and stops nothing. Outside a kernel it does what it can and prints the line.
    """
    global _registered
    loop = lab_loop.capture(afresh=True)
    if loop is not None:
        loop.set_exception_handler(on_loop_exception)
    descriptors = raise_descriptor_limit()
    run_first.notebook = run_first.find_notebook(name)
    shell = kernel_shell()
    if shell is not None:
        run_first.install(shell)
        if loop is not None:
            wake_on_signals(loop)
        remember_cell()
        threading.excepthook = on_thread_exception
    if not _registered:
        atexit.register(stop_at_exit)
        if shell is not None:
            shell.events.register("pre_run_cell", lambda _info: remember_cell())
            set_aside_what_is_loaded()
        _registered = True
    python = ".".join(map(str, sys.version_info[:2]))
    line = f"Lesson {name} is open · Python {python} · up to {descriptors:,} sockets and files at once"
    if run_first.notebook is None:
        line += f" · {name}.ipynb not found from here, so a cell run too early cannot say which one it needs"
    show_html(card(f'<span class="bcp-soft">{escape(line)}</span>', testid="lesson-open", quiet=True), line)


def set_aside_what_is_loaded() -> None:
    """Take what is loaded by now out of Python's collection of garbage, once.

    Jupyter and the libraries are some 150,000 objects that live as long as the kernel. To go through them takes
    some 40 ms, at any moment, and the loop stands still meanwhile: the learner would measure that.
    """
    gc.collect()
    gc.freeze()


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open descriptors to the hard one; returns the limit now in force.

    macOS reports a hard limit it does not grant, so smaller ones are tried until one is.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return soft
    for wanted in (hard, 1_048_576, 65_536, 10_240):
        if wanted == resource.RLIM_INFINITY or wanted <= soft:
            continue
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            break
        except (ValueError, OSError):
            continue
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def stop_at_exit() -> None:
    """Stop all servers, within 3 s. At kernel shutdown only atexit runs; the loop stands, unclosed."""
    loop = lab_loop.capture()
    if loop is None or loop.is_closed() or not SERVERS.kept:
        return
    deadline = time.monotonic() + EXIT_LIMIT_S
    stopping = lab_loop.within(SERVERS.stop_all(), EXIT_LIMIT_S)
    try:
        if loop.is_running():  # in another thread
            asyncio.run_coroutine_threadsafe(stopping, loop).result(EXIT_LIMIT_S)
            return
        task = loop.create_task(stopping)
        while not task.done() and time.monotonic() < deadline:
            with contextlib.suppress(RuntimeError):  # a stop() asked for before the shutdown hits this run instead
                loop.run_until_complete(task)
        task.result()
    except Exception as error:
        print(f"expected all servers to stop at exit, got {error!r}", file=sys.__stderr__)
