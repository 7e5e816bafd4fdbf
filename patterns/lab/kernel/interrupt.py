"""The stop button works at once, even while a cell does nothing but wait.

The problem: ipykernel turns an interrupt into a callback on its loop, but does not wake the loop from its
sleep (Python retries the interrupted `select`, PEP 475). `await asyncio.sleep(30)` then ends after 30 s, stop
button or not.
The bargain: the signal's number goes into a pipe that the loop reads, which is all that waking it takes.
"""

import asyncio
import contextlib
import os
import signal
import threading

_woken: asyncio.AbstractEventLoop | None = None


def wake_on_signals(loop: asyncio.AbstractEventLoop) -> bool:
    """Let every signal wake `loop`, the main thread's; False if somebody else has seen to that already."""
    global _woken
    if _woken is loop:
        return True
    if threading.current_thread() is not threading.main_thread():
        return False
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    if before != -1:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
        return False

    def drain() -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(reading, 4096)

    loop.add_reader(reading, drain)
    _woken = loop
    return True
