"""The log: what happened, in order, each event under a number that never changes.

The problem: a client that was away has to be told what it missed, and "what is new?" has to mean the same
to both sides. The assumption: events only happen, they are never taken back. The bargain: memory grows
with every event, and in exchange a client needs to remember one number, the offset it wants next, and may
come back with it after any break. Who would rather be told than ask may `watch`; a log has no loop and no
thread, so its watchers are told inside `append`, and whatever takes time they do later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: its place in the log, from 0; when it happened, in seconds; what it was."""

    offset: int
    time_s: float
    payload: bytes


class LogError(ValueError):
    """What the log refuses: `NegativeOffset`, `OffsetBeyondEnd`, `NegativeLimit`, `TimeGoesBackwards`."""


class NegativeOffset(LogError):
    """An offset below 0 was asked for."""


class OffsetBeyondEnd(LogError, IndexError):
    """An offset was asked for that even the next event will not have.

    `next_offset` is where the log ends: a client that gets this has followed another log, or a longer one.
    """

    def __init__(self, message: str, next_offset: int) -> None:
        super().__init__(message)
        self.next_offset = next_offset


class NegativeLimit(LogError):
    """Fewer than no events were asked for."""


class TimeGoesBackwards(LogError):
    """An event was said to have happened before the one in front of it."""


class Log:
    """An append-only sequence of events with offsets 0, 1, 2, …"""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._watchers: dict[object, Callable[[Event], object]] = {}  # in the order in which they came
        self._told = 0  # of so many events the watchers know
        self._is_telling = False

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    @property
    def next_offset(self) -> int:
        """The offset that the next event will have; equally, how many there are."""
        return len(self._events)

    def append(self, payload: bytes, time_s: float) -> Event:
        """Add an event that happened at `time_s` seconds, on whichever clock the caller goes by; tell the watchers.

        Raises:
            TimeGoesBackwards: `time_s` lies before the last event's. Equal is allowed.
            ExceptionGroup: what watchers raised. The event is in the log all the same, and all others were told.
        """
        if self._events and not time_s >= self._events[-1].time_s:
            last = self._events[-1]
            raise TimeGoesBackwards(
                f"event {self.next_offset} happened at {time_s!r} s, but event {last.offset} at "
                f"{last.time_s!r} s: append in the order of time, by one clock"
            )
        event = Event(self.next_offset, time_s, bytes(payload))
        self._events.append(event)
        if not self._is_telling:  # otherwise a watcher appends, and the loop that called it comes to this event too
            self._tell()
        return event

    def watch(self, callback: Callable[[Event], object]) -> Callable[[], None]:
        """Call `callback` with every event from now on, in order; returns what ends that, at any time, even twice.

        It is called inside `append`, so it should only make a note and return. One that is unwatched while an
        event is being told, perhaps by another watcher, does not hear of it any more.
        """
        name = object()
        self._watchers[name] = callback

        def unwatch() -> None:
            self._watchers.pop(name, None)

        return unwatch

    def _tell(self) -> None:
        """Tell the watchers what they do not know yet, one event after the other."""
        failures: list[Exception] = []
        self._is_telling = True
        try:
            while self._told < len(self._events):
                event = self._events[self._told]
                self._told += 1
                for name, callback in tuple(self._watchers.items()):
                    if name in self._watchers:
                        try:
                            callback(event)
                        except Exception as error:
                            failures.append(error)
        finally:
            self._is_telling = False
        if failures:
            raise ExceptionGroup(
                "the events are in the log and every other watcher was told, but some failed", failures
            )

    def read(self, offset: int, limit: int | None = None) -> list[Event]:
        """Return the events from `offset` on, at most `limit`; [] where `offset` is the next one.

        Raises:
            NegativeOffset: `offset` < 0.
            OffsetBeyondEnd: `offset` > `next_offset`.
            NegativeLimit: `limit` < 0.
        """
        if offset < 0:
            raise NegativeOffset(f"offset {offset} is below 0: the first event has offset 0")
        if offset > self.next_offset:
            raise OffsetBeyondEnd(
                f"offset {offset} is beyond the end: the next event will have offset {self.next_offset}; "
                "read from there, or from 0",
                self.next_offset,
            )
        if limit is not None and limit < 0:
            raise NegativeLimit(f"limit {limit} is below 0: leave it out to read to the end")
        return self._events[offset : None if limit is None else offset + limit]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def __getitem__(self, offset: int) -> Event:
        """Return the event at `offset`; unlike a list's, an offset never counts from the end."""
        found = self.read(offset, 1)
        if not found:
            raise OffsetBeyondEnd(f"no event has offset {offset} yet: it will be the next one's", self.next_offset)
        return found[0]

    def __repr__(self) -> str:
        return f"<Log of {len(self._events)} events>"
