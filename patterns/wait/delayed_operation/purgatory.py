"""Where the questions wait: watch lists by key, beside a timing wheel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from functools import partial

from patterns.wait.delayed_operation.operation import NO_LOCK, DelayedOperation, Lock
from patterns.wait.timing_wheel import LockedTimingWheel, TimingWheel, Wheel


class PurgatoryError(ValueError):
    """What a purgatory refuses: `NoKeys`, `AlreadyWatched`."""


class NoKeys(PurgatoryError):
    """An operation was to be watched under no key: nothing could ever complete it."""


class AlreadyWatched(PurgatoryError):
    """An operation was to be watched a second time: it has one time-out and one end."""


Watchers = dict[DelayedOperation, int]  # in order of arrival; how often it was put under this key


class Purgatory:
    """Delayed operations, watched under keys (any hashable values) and timed out by a timing wheel.

    Args:
        start_ms: the time now, integer milliseconds on the clock that all other times are read from.
        tick_ms, wheel_size: the timing wheel's.
        purge_interval: so many ended operations may lie about before `maybe_purge` looks for them.
        timer_enabled: False: nothing expires, whatever its `delay_ms`.
        lock: makes a re-entrant lock, such as `threading.RLock`, if several threads will call; None for one thread.
    """

    def __init__(
        self,
        start_ms: int = 0,
        *,
        tick_ms: int = 1,
        wheel_size: int = 20,
        purge_interval: int = 1000,
        timer_enabled: bool = True,
        lock: Callable[[], Lock] | None = None,
    ) -> None:
        self.purge_interval = purge_interval
        self.timer_enabled = timer_enabled
        self._new_lock = lock
        self._wheel: TimingWheel[DelayedOperation]
        if lock is None:
            self._wheel = TimingWheel(tick_ms, wheel_size, start_ms)
        else:
            self._wheel = LockedTimingWheel(lock(), tick_ms, wheel_size, start_ms)
        # Kafka has 512 shards of this map, each with a lock; under the interpreter's lock they would buy nothing.
        self._watchers_of: dict[Hashable, Watchers] = {}
        self._watchers_lock: Lock = NO_LOCK if lock is None else lock()
        self._estimated_total = 0
        self._ended: deque[DelayedOperation] = deque()  # watched, completed since the last purge
        self._due: deque[DelayedOperation] = deque()  # out of the wheel, to be expired by advance_clock

    @property
    def watched(self) -> int:
        """Entries on the watch lists: operations × keys, ended ones that nobody has dropped yet included. O(n)."""
        with self._watchers_lock:
            return sum(sum(list(watchers.values())) for watchers in self._watchers_of.values())

    @property
    def num_delayed(self) -> int:
        """Time-outs that are running: the pending operations, but for those that never expire."""
        return len(self._wheel)

    @property
    def estimated_total(self) -> int:
        """Operations watched since the last purge, and those that were pending then."""
        return self._estimated_total

    @property
    def parked(self) -> dict[Hashable, tuple[DelayedOperation, ...]]:
        """Under each key, in order of arrival, what is watched there and not completed: for pictures and tests."""
        with self._watchers_lock:
            listed = [(key, tuple(watchers)) for key, watchers in self._watchers_of.items()]
        return {
            key: pending
            for key, all_of_it in listed
            if (pending := tuple(one for one in all_of_it if not one.completed))
        }

    @property
    def wheels(self) -> tuple[Wheel[DelayedOperation], ...]:
        """The timing wheel's, the finest first: for pictures."""
        return self._wheel.wheels

    @property
    def next_expiration_ms(self) -> int | None:
        """When `advance_clock` has something to do, be it only to move time-outs between wheels; None: never.

        A time that is past already means: at once.
        """
        return self._wheel.now_ms if self._due else self._wheel.next_expiration_ms

    def try_complete_else_watch(self, operation: DelayedOperation, keys: Iterable[Hashable], now_ms: int) -> bool:
        """Complete the operation, or put it aside until it is completed under one of the keys or expires.

        It is tried once before it is watched and once after, so that no event can fall between. Its time-out
        counts from `now_ms`. What `try_complete` raises leaves here; after the second try the operation is then
        watched without a time-out, and it is the caller's to complete.

        Returns:
            True only if one of the two tries completed it; False also if somebody else did meanwhile.

        Raises:
            NoKeys: there is no key.
            AlreadyWatched: it has been put aside before, here or elsewhere.
        """
        keys = tuple(keys)
        if not keys:
            raise NoKeys(f"expected at least one key to watch {operation!r} under, got none; nothing could complete it")
        if operation._ended is not None:
            raise AlreadyWatched(f"expected an operation that was never watched, got {operation!r}; make a new one")
        if operation.lock is None and self._new_lock is not None:
            operation.lock = self._new_lock()
        if operation.safe_try_complete_or_else(partial(self._watch, operation, keys)):
            return True
        if not operation.completed and self.timer_enabled and operation.delay_ms is not None:
            self._set_timer(operation, now_ms + operation.delay_ms)
        return False

    def check_and_complete(self, key: Hashable) -> int:
        """Something happened under this key: try what is watched there, in order of arrival; how many it completed.

        What has ended is dropped, under this key only. What is added meanwhile has its own second try. An error
        of a `try_complete` leaves here: the operations behind it are not tried this time.
        """
        watchers = self._watchers_of.get(key)
        if watchers is None:
            return 0
        completed = 0
        try:
            for operation in list(watchers):
                if operation not in watchers:
                    continue  # a callback, or another thread, has dropped or cancelled it
                if operation.completed:
                    watchers.pop(operation, None)
                elif operation.safe_try_complete():
                    watchers.pop(operation, None)
                    completed += 1
        finally:
            if not watchers:
                self._remove_if_empty(key, watchers)
        return completed

    def cancel_for_key(self, key: Hashable) -> list[DelayedOperation]:
        """Forget a key: its operations, in order of arrival, as they are, but they will not expire any more.

        No callback is called. Where they are watched under other keys they can still be completed.
        """
        with self._watchers_lock:
            watchers = self._watchers_of.pop(key, {})
            cancelled = list(watchers)
            watchers.clear()  # a walk under way finds nothing more to try
        for operation in cancelled:
            operation.cancel()
        return cancelled

    def advance_clock(self, now_ms: int) -> int:
        """It is `now_ms`: expire, here and in order, what is due; how many expired.

        When a hook raises, that leaves here, and what is behind it is still due: call again.
        """
        self._due.extend(self._wheel.advance_clock(now_ms))
        expired = 0
        for _ in range(len(self._due)):  # what callbacks add with no time left is for the next call
            try:
                operation = self._due.popleft()
            except IndexError:  # a callback, or another thread, has been here
                break
            if not operation._cancelled and operation.expire():
                expired += 1
        return expired

    def maybe_purge(self) -> int:
        """Purge if more than `purge_interval` operations may have ended; the entries dropped. For after each turn."""
        return self.purge() if self._estimated_total - len(self._wheel) > self.purge_interval else 0

    def purge(self) -> int:
        """Drop every entry of an ended operation from every list; how many. Costs by what ended, not by what waits."""
        with self._watchers_lock:
            self._estimated_total = len(self._wheel)
        dropped = 0
        for _ in range(len(self._ended)):
            try:
                operation = self._ended.popleft()
            except IndexError:  # another thread purges, too
                break
            with self._watchers_lock:
                for key in operation._keys:
                    watchers = self._watchers_of.get(key)
                    if watchers is not None:
                        dropped += watchers.pop(operation, 0)
                        if not watchers:
                            del self._watchers_of[key]
        return dropped

    def _watch(self, operation: DelayedOperation, keys: tuple[Hashable, ...]) -> None:
        operation._keys = keys
        operation._ended = self._ended
        # One step: no list is removed between being found and being added to, and no purge, which takes the lock for
        # each operation, sees this one on half of its lists.
        with self._watchers_lock:
            for key in keys:
                if operation.completed:
                    break  # it may have been purged already, and nobody would look for it again
                watchers = self._watchers_of.get(key)
                if watchers is None:
                    watchers = self._watchers_of[key] = {}
                watchers[operation] = watchers.get(operation, 0) + 1
            self._estimated_total += 1

    def _set_timer(self, operation: DelayedOperation, expiration_ms: int) -> None:
        operation.timer_entry = self._wheel.add(operation, expiration_ms)
        if operation.timer_entry is None:
            self._due.append(operation)
        elif operation.completed or operation._cancelled:  # before it had an entry to cancel
            operation.timer_entry.cancel()

    def _remove_if_empty(self, key: Hashable, watchers: Watchers) -> None:
        with self._watchers_lock:
            if not watchers and self._watchers_of.get(key) is watchers:
                del self._watchers_of[key]
