"""The selector that holds the clock: it looks at the sockets first, and only then moves the time."""

from __future__ import annotations

import math
import selectors
import time
from collections.abc import Callable
from typing import Any

from patterns.cost.autojump.in_flight import Loopback, acknowledge, do_not_pace, is_connecting

Ready = list[tuple[selectors.SelectorKey, int]]

# Real seconds for which a connection attempt is waited for: the second try comes after 1 s (RFC 6298 §2).
CONNECT_S = 1.5


class AutojumpSelector(selectors.DefaultSelector):
    """A selector whose `select(timeout)` passes virtual time, and never sleeps while a timer is known.

    Args:
        patience_s: real seconds without any event after which waiting for nothing is an error.
        executor_patience_s: the same while an executor works.

    The loop puts two answers in: `next_timer`, the virtual time of its next timer, since asyncio asks for
    at most a day, and a timer at infinity is none; and `stuck`, the error to raise when so many real
    seconds have shown that nothing will ever be ready. `standing_still` counts executor jobs under way:
    time does not move while it is above 0.
    """

    def __init__(self, patience_s: float = 1.0, executor_patience_s: float = 30.0) -> None:
        super().__init__()
        self.now = 0.0
        self.patience_s = patience_s
        self.executor_patience_s = executor_patience_s
        self.standing_still = 0
        self.next_timer: Callable[[], float | None] = lambda: None
        self.stuck: Callable[[float], Exception] = RuntimeError
        self._loopback = Loopback()
        self._received: set[int] = set()
        self._writing: set[int] = set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As in the base class; notes who reads, for he may owe an acknowledgement, and who waits to write,
        for he may be connecting."""
        key = super().register(fileobj, events, data)
        do_not_pace(key.fd)
        return self._noted(key)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As in the base class."""
        return self._noted(super().modify(fileobj, events, data))

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As in the base class."""
        key = super().unregister(fileobj)
        self._writing.discard(key.fd)
        return key

    def _noted(self, key: selectors.SelectorKey) -> selectors.SelectorKey:
        if key.events & selectors.EVENT_READ:
            # Who now waits to read may have read before, without having been told that he could.
            self._received.add(key.fd)
        if key.events & selectors.EVENT_WRITE:
            self._writing.add(key.fd)
        else:
            self._writing.discard(key.fd)
        return key

    def close(self) -> None:
        """As in the base class."""
        self._loopback.close()
        super().close()

    def select(self, timeout: float | None = None) -> Ready:
        """Return what is ready; if nothing is and `timeout` is not 0, move the clock to the next timer.

        Raises:
            Stuck: no timer (`timeout` None, or a timer at infinity), and nothing happened in
                `patience_s` real seconds.
        """
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return self._seen(ready)
        if self.standing_still:
            return self._seen(self._wait(self.executor_patience_s))
        when = self.next_timer()
        if when is None and timeout is not None and timeout < math.inf:
            when = self.now + timeout
        if when is None or when == math.inf:
            return self._seen(self._wait(self.patience_s))
        ready = self._in_flight()
        if not ready:
            self.now = max(self.now, when)
        return self._seen(ready)

    def _seen(self, ready: Ready) -> Ready:
        for key, mask in ready:
            if mask & selectors.EVENT_READ:
                self._received.add(key.fd)
        return ready

    def _wait(self, real_s: float) -> Ready:
        """Wait in real time for whoever may still wake the loop: an executor, another thread, a signal."""
        self._send_acknowledgements()
        started = time.monotonic()
        while (left := started + real_s - time.monotonic()) > 0:
            if ready := super().select(left):
                return ready
        raise self.stuck(real_s)

    def _in_flight(self) -> Ready:
        """What is ready once everything sent so far has arrived."""
        if len(self.get_map()) <= 1:  # the loop's own pipe: nobody could receive anything
            return []
        self._send_acknowledgements()
        self._loopback.settle()
        ready = super().select(0)
        if not ready and self._writing:
            deadline = time.monotonic() + CONNECT_S
            while not ready and any(map(is_connecting, self._writing)) and time.monotonic() < deadline:
                ready = super().select(0.01)
        return ready

    def _send_acknowledgements(self) -> None:
        for descriptor in self._received:
            acknowledge(descriptor)
        self._received.clear()
