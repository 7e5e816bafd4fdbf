"""Starts the fork server, asks it for processes, and learns how each of them ended."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from patterns.grading.boxed.box import CPU_S, Kind, best
from patterns.grading.probe.accidents import NoGrader
from patterns.grading.probe.bubblewrap import wrapped

ROOT = str(Path(__file__).resolve().parents[3])  # the folder that `patterns` lies in
START_S = 30.0  # for a word from the fork server, on a machine however busy
COMMAND = """
import sys
sys.path.insert(0, sys.argv[2])
from patterns.grading.boxed.server import main
main(int(sys.argv[1]), sys.argv[2])
"""


class ForkServer:
    """A process that forks one for each check; `with ForkServer() as server`. For one thread.

    `box` is the kind of box each is put into, the best there is unless another is named.
    """

    def __init__(self, *, box: Kind | None = None, cpu_s: int = CPU_S) -> None:
        self.box: Kind = best() if box is None else box
        self.cpu_s = cpu_s  # that a process may use in all
        self._ended: dict[int, int] = {}
        self._control: socket.socket | None = None

    def __enter__(self) -> ForkServer:
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET if _LINUX else socket.SOCK_DGRAM)
        mine.settimeout(START_S)
        self._control = mine
        with theirs, ExitStack() as undo:
            undo.callback(mine.close)
            command = [sys.executable, "-s", "-S", "-P", "-X", "utf8", "-c", COMMAND, str(theirs.fileno()), ROOT]
            self._process = subprocess.Popen(
                wrapped(command, ROOT) if self.box == "bubblewrap" else command,
                env={"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"},  # or each thread of an answer reserves 64 MiB
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,
            )
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
            assert self._process.stderr is not None
            try:
                self._process.wait(START_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            finally:
                self._process.stderr.close()

    def begin_anew(self) -> None:
        """Start again, after `NoGrader`: whatever was there ends."""
        self.__exit__()
        self._ended.clear()
        self.__enter__()

    @property
    def pid(self) -> int:
        """Of the process that forks."""
        return self._process.pid

    def fork(self) -> tuple[int, socket.socket, int]:
        """A fresh process: its number, our end of its socket, our end of the pipe of its prints.

        Raises:
            NoGrader: the fork server is gone.
        """
        assert self._control is not None
        mine, theirs = socket.socketpair()
        prints, printed = os.pipe()
        try:
            with suppress(BrokenPipeError):  # that it is gone is told by what is received
                socket.send_fds(self._control, [b'{"do": "fork"}'], [theirs.fileno(), printed])
            while "pid" not in (message := self._receive(START_S)):
                self._note(message)
        except BaseException:
            mine.close()
            os.close(prints)
            raise
        finally:
            theirs.close()
            os.close(printed)
        os.set_blocking(prints, False)
        return message["pid"], mine, prints

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Send a signal to a process that this server has forked, if it is still there."""
        assert self._control is not None
        with suppress(BrokenPipeError):
            self._control.send(json.dumps({"do": "kill", "pid": pid, "signal": int(number)}).encode())

    def ended(self, pid: int, wait_s: float = 0.0) -> int | None:
        """How the process ended, as os.waitstatus_to_exitcode() says it; None if it has not, within `wait_s`."""
        assert self._control is not None
        deadline = time.monotonic() + wait_s
        while pid not in self._ended:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._control], [], [], left)[0]:
                return None
            self._note(self._receive(START_S))
        return self._ended[pid]

    def _note(self, message: dict[str, Any]) -> None:
        if "ended" in message:
            self._ended[message["ended"]] = os.waitstatus_to_exitcode(message["status"])

    def _receive(self, limit_s: float) -> dict[str, Any]:
        assert self._control is not None
        self._control.settimeout(limit_s)
        try:
            data = self._control.recv(4096)
        except ConnectionResetError:
            data = b""
        except OSError as error:
            raise NoGrader(f"expected a word from the fork server, got {error!r}") from error
        if not data:
            assert self._process.stderr is not None
            self._process.kill()
            said = self._process.stderr.read().decode(errors="replace").strip()
            raise NoGrader(f"expected a fork server that answers, it is gone; on standard error it said:\n{said}")
        message: dict[str, Any] = json.loads(data)
        return message


_LINUX = sys.platform.startswith("linux")
