"""Forks a process for each check of an answer, from a process that knows of no expectation.

The grader starts one of these for many answers: to start Python and import asyncio takes a tenth of a second, to
fork what has done so a millisecond. It speaks over a socket pair of datagrams, in JSON:

    → {"do": "fork"}, with two descriptors: the answer's end of a socket, and where its prints go
    ← {"pid": 7}
    → {"do": "kill", "pid": 7, "signal": 9}      only a process that this one has forked and not yet waited for
    ← {"ended": 7, "status": 0}                  as of waitpid(2)

When the grader is gone the socket ends, and everything forked here ends too.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import faulthandler
import gc
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

from patterns.grading.boxed import box, turns
from patterns.grading.boxed.driver import Driver
from patterns.grading.boxed.wire import Wire

PR_SET_CHILD_SUBREAPER = 36


def answer(descriptor: int, prints: int) -> None:
    """In the forked process: close the box, take the answer's text, and carry out orders."""
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(prints, 1)
    os.dup2(prints, 2)
    print_at_once: Any = sys.stdout
    print_at_once.reconfigure(line_buffering=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
    wire = Wire(descriptor)
    order = wire.receive()
    if order["box"] != "none":
        box.close(order["box"], cpu_s=order["cpu_s"])
    driver = Driver(wire)
    if order["threads"]:
        turns.install(driver)

    def shown(message: Warning | str, *_where: Any, **_more: Any) -> None:
        if "was never awaited" in str(message):
            wire.note({"ev": "forgotten", "what": str(message)[:200]})

    warnings.simplefilter("always", RuntimeWarning)
    warnings.showwarning = shown
    _note_blocking(driver)
    driver.run(order["name"], order["source"])


def _note_blocking(driver: Driver) -> None:
    """`time.sleep` in the loop's own thread is told, and takes no time."""
    sleep = time.sleep

    def sleep_noted(seconds: float) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            sleep(seconds)
            return
        line = None
        frame = sys._getframe(1)
        if frame.f_code.co_filename == driver.file:
            line = frame.f_lineno
        driver.wire.note({"ev": "blocking", "what": f"time.sleep({seconds!r})"[:80], "line": line})

    library: Any = time
    library.sleep = sleep_noted


class Server:
    """The fork server's loop."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.alive: set[int] = set()
        self.woken, self.wakes = os.pipe()
        for descriptor in (self.woken, self.wakes):
            os.set_blocking(descriptor, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.wakes, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the grader is gone."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(self.woken, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self.woken:
                    with contextlib.suppress(BlockingIOError):
                        os.read(self.woken, 512)
                elif not self._order():
                    return
            self._wait()

    def _order(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self.control, 4096, 2)
        if not data:
            return False
        order = json.loads(data)
        if order["do"] == "fork":
            self._fork(*descriptors)
        elif order["do"] == "kill" and order["pid"] in self.alive:
            os.kill(order["pid"], order["signal"])
        return True

    def _fork(self, descriptor: int, prints: int) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                self._leave()
                answer(descriptor, prints)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(70)
        os.close(descriptor)
        os.close(prints)
        self.alive.add(pid)
        self._tell({"pid": pid})

    def _leave(self) -> None:
        """In the forked process: nothing of the server's stays open."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in (self.woken, self.wakes):
            os.close(descriptor)
        self.control.close()

    def _wait(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                self._end_strays()
                return
            if pid in self.alive:
                self.alive.discard(pid)
                self._tell({"ended": pid, "status": status})

    def _end_strays(self) -> None:
        """Kill what an answer's process had started and left: it has become a child of this one."""
        with contextlib.suppress(OSError):
            children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
            for pid in set(map(int, children)) - self.alive:
                os.kill(pid, signal.SIGKILL)

    def _tell(self, message: dict[str, Any]) -> None:
        self.control.send(json.dumps(message).encode("ascii"))

    def end_all(self) -> None:
        """Nobody forked here outlives the server."""
        for pid in self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._end_strays()


def main(descriptor: int, root: str) -> None:
    """Serve the grader at the other end of `descriptor`; `root`, which this was imported from, is forgotten."""
    sys.path[:] = [path for path in sys.path if path != root]
    box.prepare()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    server = Server(socket.socket(fileno=descriptor))
    gc.collect()
    gc.freeze()
    try:
        server.serve()
    finally:
        server.end_all()
