"""A hierarchical timing wheel: a million timers, nearly all of which will be cancelled.

The problem: a server that holds a million questions holds a million time-outs, and nearly every one of them
is cancelled because the answer came first. A heap pays log n for each on the way in, and a cancelled timer
lies in it until its time comes.
The assumption: time is a whole number of ticks, and nobody minds in which order the timers of one tick fire.
The bargain: a wheel of buckets, one for each tick of the near future; what lies further away goes into a
coarser wheel and comes down to finer ones as its time draws near. So add and cancel cost the same however
many timers there are, and what is paid for it is at most one move a wheel, by those few that live so long.

After G. Varghese and T. Lauck, "Hashed and Hierarchical Timing Wheels" (SOSP 1987), scheme 7, in the shape of
Kafka's `org.apache.kafka.server.util.timer.TimingWheel`: a wheel turns only when a bucket falls due, and the
buckets themselves stand in a queue by time, so an idle hour costs nothing.

    wheel       covers, with ticks of 1 ms and 20 buckets each
    1           20 buckets of 1 ms             20 ms
    2           20 buckets of 20 ms            400 ms
    3           20 buckets of 400 ms           8 s
    4           20 buckets of 8 s              160 s

Where Kafka links the entries of a bucket into a ring, a `dict` stands here: it keeps the order of arrival and
forgets a key in constant time, and the interpreter does it in C.
"""

from __future__ import annotations

import heapq
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

Task = TypeVar("Task")


class TimingWheelError(ValueError):
    """A tick or a size that makes no wheel; the text says what was expected and what came."""


class TimerEntry(Generic[Task]):
    """A timer: `task` is due at `expiration_ms`. `bucket` is None when it has fired or was cancelled."""

    __slots__ = ("bucket", "expiration_ms", "task")

    def __init__(self, task: Task, expiration_ms: int) -> None:
        self.task = task
        self.expiration_ms = expiration_ms
        self.bucket: Bucket[Task] | None = None

    def cancel(self) -> bool:
        """End the timer; True if that was this call's doing, False if it had fired or was cancelled before."""
        bucket = self.bucket
        return bucket is not None and bucket.timers.cancel(self)

    def __repr__(self) -> str:
        state = "live" if self.bucket is not None else "over"
        return f"<TimerEntry of {self.task!r} at {self.expiration_ms} ms, {state}>"


class Bucket(dict[TimerEntry[Task], None]):
    """The entries of one tick of one wheel, in order of arrival. `expiration_ms` is the tick's start; -1: unused.

    `timers` is the whole hierarchy, so that an entry can be cancelled by whoever holds it.
    """

    __slots__ = ("expiration_ms", "timers")

    def __init__(self, timers: TimingWheel[Task]) -> None:
        self.expiration_ms = -1
        self.timers = timers


class Wheel(Generic[Task]):
    """One wheel of the hierarchy: `size` buckets of `tick_ms`, from `now_ms` on (a multiple of its tick)."""

    __slots__ = ("buckets", "end_ms", "now_ms", "overflow_wheel", "size", "span_ms", "tick_ms")

    def __init__(self, timers: TimingWheel[Task], tick_ms: int, size: int, start_ms: int) -> None:
        self.tick_ms = tick_ms
        self.size = size
        self.span_ms = tick_ms * size
        self.buckets: list[Bucket[Task]] = [Bucket(timers) for _ in range(size)]
        self.overflow_wheel: Wheel[Task] | None = None
        self.turn(start_ms)

    def turn(self, now_ms: int) -> None:
        """Turn the wheel so that it begins with the tick in which `now_ms` lies."""
        self.now_ms = now_ms - now_ms % self.tick_ms
        self.end_ms = self.now_ms + self.span_ms


class TimingWheel(Generic[Task]):
    """Timers on a hierarchy of wheels; the time is an argument, in integer milliseconds on any clock.

    Args:
        tick_ms: the finest distinction in time. A timer fires with all others of its tick, so up to
            tick_ms − 1 ms before its own millisecond.
        wheel_size: buckets a wheel; each further wheel's tick is the whole of the one before it.
        start_ms: the time now.

    Raises:
        TimingWheelError: a tick below 1 ms, or fewer than two buckets (coarser wheels would not be coarser).
    """

    def __init__(self, tick_ms: int = 1, wheel_size: int = 20, start_ms: int = 0) -> None:
        if tick_ms < 1:
            raise TimingWheelError(f"expected a tick of at least 1 ms, got {tick_ms}")
        if wheel_size < 2:
            raise TimingWheelError(f"expected at least 2 buckets a wheel, got {wheel_size}")
        self._wheel: Wheel[Task] = Wheel(self, tick_ms, wheel_size, start_ms)
        self._due: list[tuple[int, int, Bucket[Task]]] = []  # a heap: what Kafka's DelayQueue is
        self._queued = 0  # buckets ever queued; of two that are due at once, the earlier queued comes first
        self._live = 0

    def __len__(self) -> int:
        """How many timers are neither cancelled nor fired."""
        return self._live

    @property
    def now_ms(self) -> int:
        """Where the wheel stands: the start of the last bucket that fell due, not the time it was told."""
        return self._wheel.now_ms

    @property
    def next_expiration_ms(self) -> int | None:
        """When the earliest bucket falls due, be it to fire or to move to finer wheels; None when there is none.

        Also that of a bucket whose timers were all cancelled: it leaves the queue at its time.
        """
        return self._due[0][0] if self._due else None

    @property
    def wheels(self) -> tuple[Wheel[Task], ...]:
        """The wheels made so far, the finest first: for pictures and tests."""
        found, wheel = [], self._wheel
        while wheel is not None:
            found.append(wheel)
            wheel = wheel.overflow_wheel  # type: ignore[assignment]  # the loop ends at None
        return tuple(found)

    def add(self, task: Task, expiration_ms: int) -> TimerEntry[Task] | None:
        """Set a timer; its entry, or None when `expiration_ms` is due already: then the task is the caller's."""
        entry = TimerEntry(task, expiration_ms)
        if not self._file(entry):
            return None
        self._live += 1
        return entry

    def cancel(self, entry: TimerEntry[Task]) -> bool:
        """End a timer; True if that was this call's doing, False if it had fired or was cancelled before."""
        bucket = entry.bucket
        if bucket is None:
            return False
        del bucket[entry]
        entry.bucket = None
        self._live -= 1
        return True

    def advance_clock(self, now_ms: int) -> list[Task]:
        """Turn the wheels to `now_ms`; the tasks that fall due, each once, bucket by bucket in order of time.

        What lay in a coarser wheel moves down or fires. A clock that goes backwards changes nothing: [].
        """
        fired: list[Task] = []
        while self._due and self._due[0][0] <= now_ms:
            expiration_ms, _, bucket = heapq.heappop(self._due)
            self._turn(expiration_ms)
            entries = list(bucket)
            bucket.clear()
            bucket.expiration_ms = -1
            for entry in entries:
                if not self._file(entry):
                    entry.bucket = None
                    self._live -= 1
                    fired.append(entry.task)
        return fired

    def _file(self, entry: TimerEntry[Task]) -> bool:
        """Put the entry into its bucket; False if it is due."""
        wheel, expiration_ms = self._wheel, entry.expiration_ms
        if expiration_ms < wheel.now_ms + wheel.tick_ms:
            return False
        while expiration_ms >= wheel.end_ms:
            wheel = wheel.overflow_wheel or self._overflow(wheel)
        tick = expiration_ms // wheel.tick_ms
        bucket = wheel.buckets[tick % wheel.size]
        start_ms = tick * wheel.tick_ms
        if bucket.expiration_ms != start_ms:
            bucket.expiration_ms = start_ms
            self._queued += 1
            heapq.heappush(self._due, (start_ms, self._queued, bucket))
        bucket[entry] = None
        entry.bucket = bucket
        return True

    def _overflow(self, wheel: Wheel[Task]) -> Wheel[Task]:
        """The next coarser wheel, made when the first timer needs it."""
        wheel.overflow_wheel = Wheel(self, wheel.span_ms, wheel.size, wheel.now_ms)
        return wheel.overflow_wheel

    def _turn(self, now_ms: int) -> None:
        wheel: Wheel[Task] | None = self._wheel
        while wheel is not None and now_ms >= wheel.now_ms + wheel.tick_ms:
            wheel.turn(now_ms)
            wheel = wheel.overflow_wheel


class LockedTimingWheel(TimingWheel[Task]):
    """The same for several threads: `lock` is held for each add, cancel and turn, and for nothing of the caller's.

    Where Kafka lets adds run beside each other under a read lock, this is one lock: under the interpreter's own,
    two threads would not add at the same time anyway.
    """

    def __init__(
        self, lock: AbstractContextManager[object], tick_ms: int = 1, wheel_size: int = 20, start_ms: int = 0
    ) -> None:
        self._lock = lock
        super().__init__(tick_ms, wheel_size, start_ms)

    def add(self, task: Task, expiration_ms: int) -> TimerEntry[Task] | None:
        """As `TimingWheel.add`."""
        with self._lock:
            return super().add(task, expiration_ms)

    def cancel(self, entry: TimerEntry[Task]) -> bool:
        """As `TimingWheel.cancel`."""
        with self._lock:
            return super().cancel(entry)

    def advance_clock(self, now_ms: int) -> list[Task]:
        """As `TimingWheel.advance_clock`; what fell due is returned, and run by the caller without the lock."""
        with self._lock:
            return super().advance_clock(now_ms)
