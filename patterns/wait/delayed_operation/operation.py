"""One question that waits: what ends it, and that it ends once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext

from patterns.wait.timing_wheel import TimerEntry

Lock = AbstractContextManager[object]
NO_LOCK: Lock = nullcontext()


class DelayedOperation(ABC):
    """Something that is done once, when it can be, and at the latest after `delay_ms`; None: it never expires.

    A subclass has the three hooks and calls `super().__init__`. Operations are compared by identity.

    `completed` is true from just before `on_complete`. `timer_entry` is the time-out, once there is one. `lock`
    is given by the purgatory, if its users are threads; it is held during every hook that the purgatory causes.
    What begins with an underscore is the purgatory's.
    """

    __slots__ = ("_cancelled", "_ended", "_keys", "_open", "completed", "delay_ms", "lock", "timer_entry")

    def __init__(self, delay_ms: int | None = None) -> None:
        self.delay_ms = delay_ms
        self.completed = False
        self.timer_entry: TimerEntry[DelayedOperation] | None = None
        self.lock: Lock | None = None
        self._open = None  # there until the one call that wins deletes it
        self._cancelled = False
        self._keys: tuple[Hashable, ...] = ()
        self._ended: deque[DelayedOperation] | None = None  # where its purgatory finds what has ended

    @abstractmethod
    def try_complete(self) -> bool:
        """If it can be done now, `return self.force_complete()`, else False. Called again and again; be quick."""

    @abstractmethod
    def on_complete(self) -> None:
        """Do it: send the answer. Called once, whatever the cause; read afresh what there is now."""

    @abstractmethod
    def on_expiration(self) -> None:
        """Called after `on_complete` if the time-out was the cause: to count it."""

    def force_complete(self) -> bool:
        """End it now: mark it completed, cancel its time-out, call `on_complete`; True for the one call that wins."""
        try:
            del self._open
        except AttributeError:
            return False
        self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        if self._ended is not None:
            self._ended.append(self)
        self.on_complete()
        return True

    def expire(self) -> bool:
        """End it because its time is over; True if that was the cause, and then `on_expiration` was called."""
        if self.completed:  # looked at before waiting for the lock: see the package, why nobody waits in a circle
            return False
        if self.lock is not None:
            with self.lock:
                return self._expire()
        return self._expire()

    def _expire(self) -> bool:
        if not self.force_complete():
            return False
        self.on_expiration()
        return True

    def safe_try_complete(self) -> bool:
        """Try under the operation's lock, unless it is over; True if this call completed it."""
        if self.lock is not None:
            with self.lock:
                return not self.completed and self.try_complete()
        return not self.completed and self.try_complete()

    def safe_try_complete_or_else(self, action: Callable[[], object]) -> bool:
        """Try; if that fails, do `action` and try once more, all under one hold of the lock. The last try's result."""
        with self.lock if self.lock is not None else NO_LOCK:
            if self.safe_try_complete():
                return True
            action()
            return self.safe_try_complete()

    def cancel(self) -> None:
        """Cancel the time-out, also one that is only about to be set. The operation is not completed by that."""
        self._cancelled = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
