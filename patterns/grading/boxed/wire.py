"""The answer's end of the socket to the grader: frames out, frames in, nothing in between."""

from __future__ import annotations

import os
from typing import Any

from patterns.grading.boxed.plain import LARGEST_FRAME, LENGTH, frame, parse


class TooMuch(ValueError):
    """A message longer than the grader would read."""


class Wire:
    """Sends events and receives orders; blocks, for nobody else is served here."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._events: list[dict[str, Any]] = []
        self._size = 0

    def note(self, event: dict[str, Any]) -> None:
        """Keep an event until the next `flush`."""
        self._events.append(event)

    def flush(self) -> None:
        """Send the events noted since the last time, as one frame.

        Raises:
            TooMuch: they do not fit into one; they are dropped.
        """
        events, self._events = self._events, []
        data = frame(events)
        if len(data) > LARGEST_FRAME:
            raise TooMuch(f"{len(data):,} bytes in one message")
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def receive(self) -> dict[str, Any]:
        """The next order; the process ends when there is nobody to give one."""
        (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
        order: dict[str, Any] = parse(self._exactly(length))
        return order

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = os.read(self.descriptor, size - len(data))
            if not piece:
                os._exit(0)
            data += piece
        return data
