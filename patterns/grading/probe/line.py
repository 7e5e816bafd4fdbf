"""Frames to and from one answer's process, with a watch over it: what is said, printed, and how it ends."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import time
from typing import Any

from patterns.grading.boxed.plain import LARGEST_FRAME, LENGTH, NotPlain, frame, parse
from patterns.grading.probe.accidents import Accident
from patterns.grading.probe.patience import LOOK_S, Patience, is_asleep
from patterns.grading.probe.server import ForkServer

FLOOD_BYTES = 1 << 20  # so much output is no message any more
KEPT_BYTES = 4000  # of the prints, for the learner
CPU_LIMIT_S, STILL_LIMIT_S = 2.0, 1.0  # without a word: right answers need a tenth of it at most
END_S = 5.0  # real seconds for a killed process to be gone

_STACK = re.compile(rb'File "<answer [^"]*>", line (\d+) in (\S+)')


class Line:
    """The connection to one process; `patience` below 1 gives it up sooner."""

    def __init__(self, server: ForkServer, patience: float = 1.0) -> None:
        self.server = server
        self.pid, self._socket, self._prints = server.fork()
        self._patience = Patience(self.pid, CPU_LIMIT_S * patience, STILL_LIMIT_S * patience)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self._poll.register(self._prints, select.POLLIN)
        self._buffer = bytearray()
        self._printed = 0
        self._received = 0  # since the last order
        self._closed = False
        self.prints = b""

    def send(self, order: dict[str, Any]) -> None:
        """Give an order. That nobody takes it any more shows when the answer to it is awaited."""
        self._patience.begin()
        self._received = 0
        view = memoryview(frame(order))
        writable = select.poll()
        writable.register(self._socket, select.POLLOUT)
        while view:
            try:
                view = view[self._socket.send(view, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                waiting = time.monotonic()
                if not writable.poll(LOOK_S * 1000) and (name := self._patience.look(time.monotonic() - waiting)):
                    raise self._hung(name) from None
            except (BrokenPipeError, ConnectionResetError):
                return

    def receive(self) -> list[dict[str, Any]]:
        """The next frame: events.

        Raises:
            Accident: the process has hung, ended, flooded, or sent something else.
        """
        looked = time.monotonic()
        while (data := self._whole_frame()) is None:
            ready = {descriptor for descriptor, _ in self._poll.poll(LOOK_S * 1000)}
            if self._prints in ready:
                self._take_prints()
            if self._socket.fileno() in ready and not self._take():
                raise self._obituary()
            # Also while something comes: who sends a byte now and then has not answered yet.
            if (waited := time.monotonic() - looked) >= LOOK_S and not self._is_whole():
                looked += waited
                if (name := self._patience.look(waited)) is not None:
                    raise self._hung(name)
        try:
            events = parse(data)
        except NotPlain as error:
            raise Accident("hostile", what=str(error)) from None
        if not isinstance(events, list) or not all(
            isinstance(event, dict) and isinstance(event.get("ev"), str) for event in events
        ):
            raise Accident("hostile", what="expected a list of events")
        return events

    def _is_whole(self) -> bool:
        start = LENGTH.size
        return len(self._buffer) >= start and len(self._buffer) >= start + LENGTH.unpack_from(self._buffer)[0]

    def _whole_frame(self) -> bytes | None:
        if len(self._buffer) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._buffer)
        if length > LARGEST_FRAME:
            raise Accident("hostile", what=f"a message of {length:,} bytes")
        if len(self._buffer) < LENGTH.size + length:
            return None
        data = bytes(self._buffer[LENGTH.size : LENGTH.size + length])
        del self._buffer[: LENGTH.size + length]
        return data

    def _take(self) -> bool:
        try:
            data = self._socket.recv(1 << 18, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True  # it was woken by a byte out of band
        except ConnectionResetError:
            data = b""
        self._buffer += data
        self._received += len(data)
        if self._received > 2 * LARGEST_FRAME:
            raise Accident("hostile", what="messages without end")
        return bool(data)

    def _take_prints(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._prints, 1 << 16):
                self._printed += len(data)
                self.prints = (self.prints + data)[-KEPT_BYTES:]
                if self._printed > FLOOD_BYTES:
                    raise Accident("flood", what=f"{FLOOD_BYTES >> 20} MiB")
                if len(data) < 1 << 16:
                    return
            if not self._closed:  # by everybody who could print
                self._poll.unregister(self._prints)
                self._closed = True

    def said(self) -> str:
        """The end of what the process has printed so far."""
        with contextlib.suppress(Accident):
            self._take_prints()
        return self.prints.decode(errors="replace")

    def _hung(self, name: str) -> Accident:
        """Ask the process where it is, in the answer, before it is ended."""
        self._take_prints()
        before, prints = self._printed, self.prints
        self.server.kill(self.pid, signal.SIGUSR1)
        deadline = time.monotonic() + 4 * LOOK_S
        while self._printed == before and time.monotonic() < deadline:
            time.sleep(LOOK_S / 5)
            self._take_prints()
        found = _STACK.search(self.prints[-(self._printed - before) :] if self._printed > before else b"")
        self.prints = prints
        where = f"line {int(found[1])}, in {found[2].decode(errors='replace')[:80]}" if found else ""
        limit = self._patience.cpu_limit_s if name == "endless-loop" else self._patience.still_limit_s
        return Accident(name, where=where, limit=limit)

    def _obituary(self) -> Accident:
        """What to say of a process that has closed its socket."""
        deadline = time.monotonic() + END_S
        while (status := self.server.ended(self.pid, LOOK_S)) is None and time.monotonic() < deadline:
            if is_asleep(self.pid):
                break  # it has closed the socket and lives on
            if (name := self._patience.look(LOOK_S)) is not None:
                return self._hung(name)
        self._take_prints()
        if status is None:
            return Accident("exited", what="it closed the grader's socket")
        if status == -signal.SIGXCPU:
            return Accident("too-slow", what=f"{self.server.cpu_s} s")
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else str(-status)
            return Accident("exited", what=f"by the signal {name}")
        return Accident("exited", what=f"with status {status}")

    def close(self) -> None:
        """End the process and everything it has started."""
        self.server.kill(self.pid)
        self._socket.close()
        os.close(self._prints)
        self.server.ended(self.pid, END_S)
