"""The stop button works: at once while a cell waits, and within some 2 s while it holds the loop up.

The problem: ipykernel turns an interrupt into a callback on its loop. It does not wake the loop from its sleep
(Python retries the interrupted `select`, PEP 475), so `await asyncio.sleep(30)` ends after 30 s, stop button or
not. And the callback never comes while a coroutine computes, sleeps by `time.sleep`, or spins: the kernel is lost.
The bargain: a thread hears of each signal (`signal.set_wakeup_fd`) and gives the loop something to do, which
wakes it. If the loop has not come to that after STALL_S, the main thread gets a signal of its own, whose handler
raises CancelledError where it stands, as long as that is somebody's code and not the loop's.
"""

import asyncio
import contextlib
import os
import signal
import threading
from types import FrameType

STALL_S = 2.0
STALLED = signal.SIGUSR2

_watched: asyncio.AbstractEventLoop | None = None


def wake_on_signals(loop: asyncio.AbstractEventLoop) -> bool:
    """Let every signal wake `loop`, the main thread's, and SIGINT end what holds it up.

    False, and nothing done, outside the main thread or if somebody else has set a wake-up descriptor already.
    """
    global _watched
    if _watched is loop:
        return True
    if threading.current_thread() is not threading.main_thread():
        return False
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if before != -1:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
        return False
    turned = threading.Event()
    signal.signal(STALLED, lambda _, frame: _end_what_stalls(frame, turned))
    threading.Thread(target=_watch, args=(loop, reading, turned), name="stop button", daemon=True).start()
    _watched = loop
    return True


def _watch(loop: asyncio.AbstractEventLoop, reading: int, turned: threading.Event) -> None:
    """In a thread of its own, to the end of the process."""
    with contextlib.suppress(RuntimeError):  # the loop is closed
        while signals := os.read(reading, 4096):
            turned.clear()
            loop.call_soon_threadsafe(turned.set)
            # Where Python's own handler is in force, outside of asynchronous cells, it has raised KeyboardInterrupt.
            is_heard = signal.SIGINT not in signals or signal.getsignal(signal.SIGINT) is signal.default_int_handler
            if not is_heard and not turned.wait(STALL_S):
                signal.pthread_kill(threading.main_thread().ident or 0, STALLED)


def _end_what_stalls(frame: FrameType | None, turned: threading.Event) -> None:
    """In the main thread: raise there, unless the loop has come round by now or is just about to."""
    runs_a_step = asyncio.Handle._run.__code__
    if turned.is_set() or frame is None or frame.f_code is runs_a_step:
        return
    while (frame := frame.f_back) is not None:
        if frame.f_code is runs_a_step:
            raise asyncio.CancelledError(f"stopped: the loop had not turned for {STALL_S:.0f} s")
