"""The log: what happened, in order, each event under a number that never changes.

The problem: a client that was away has to be told what it missed, and "what is new?" has to mean the same
to both sides. The assumption: events only happen, they are never taken back. The bargain: memory grows
with every event, and in exchange a client needs to remember one number, the offset it wants next, and may
come back with it after any break.
"""

from __future__ import annotations

from collections.abc import Iterator
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

    @property
    def next_offset(self) -> int:
        """The offset that the next event will have; equally, how many there are."""
        return len(self._events)

    def append(self, payload: bytes, time_s: float) -> Event:
        """Add an event that happened at `time_s` seconds, on whichever clock the caller goes by.

        Raises:
            TimeGoesBackwards: `time_s` lies before the last event's. Equal is allowed.
        """
        if self._events and not time_s >= self._events[-1].time_s:
            last = self._events[-1]
            raise TimeGoesBackwards(
                f"event {self.next_offset} happened at {time_s!r} s, but event {last.offset} at "
                f"{last.time_s!r} s: append in the order of time, by one clock"
            )
        event = Event(self.next_offset, time_s, bytes(payload))
        self._events.append(event)
        return event

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
