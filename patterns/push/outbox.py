"""The outbox: what a subscriber still has to be sent, and what happens when that becomes too much.

The problem: the server decides how much it sends, and a client may be slower than that. What it has not taken yet has
to be somewhere. The assumption: a subscriber that is slow for a moment should not be punished, and one that is
slow for good cannot be saved. The bargain is the publisher's to choose (`Overload`):

    unbounded     nothing is lost and nobody waits, until the memory is full
    drop newest   what has waited longest is kept; the subscriber never learns the latest
    drop oldest   the latest is kept; right for prices and positions, wrong for messages
    disconnect    the subscriber is cut off and comes back with its offset: late, but whole
    wait          the publisher waits for the slowest subscriber, and everyone else with it
"""

import asyncio
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from patterns.wait.log import Event


class Overload(StrEnum):
    """What to do with an event for a subscriber whose outbox is full."""

    UNBOUNDED = "unbounded"
    DROP_NEWEST = "drop newest"
    DROP_OLDEST = "drop oldest"
    DISCONNECT = "disconnect"
    WAIT = "wait"


class Overwhelmed(ConnectionAbortedError):
    """The subscriber's outbox was full, and the bargain was to cut it off."""


class Outbox:
    """The events that wait for one subscriber, at most `limit` of them, and what has become of the others.

    dropped: events it will never be sent. most: how many ever waited at once. Both are for whoever looks on.

    It never drops what it holds under WAIT, nor refuses it: that publishers wait, `is_full` lets them see to.
    """

    def __init__(self, overload: Overload, limit: int, changed: Callable[[], None] = lambda: None) -> None:
        self.overload = overload
        self.limit = limit
        self.dropped = 0
        self.most = 0
        self._events: deque[Event] = deque()
        self._is_overwhelmed = False
        self._changed = changed  # called when there is room again
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    @property
    def is_full(self) -> bool:
        """Whether the next event would be one too many."""
        return len(self._events) >= self.limit and self.overload is not Overload.UNBOUNDED

    def put(self, event: Event) -> None:
        """Take an event, or do what was agreed on for a full outbox."""
        if self.is_full:
            match self.overload:
                case Overload.DROP_NEWEST:
                    self.dropped += 1
                    return
                case Overload.DROP_OLDEST:
                    self._events.popleft()
                    self.dropped += 1
                case Overload.DISCONNECT:
                    self._is_overwhelmed = True
                    self._events.clear()
        if not self._is_overwhelmed:
            self._events.append(event)
            self.most = max(self.most, len(self._events))
        self._filled.set()

    async def take(self, limit: int) -> list[Event]:
        """Wait until there is an event, and take up to `limit`; `Overwhelmed` when the outbox ran over."""
        while not self._events and not self._is_overwhelmed:
            self._filled.clear()
            await self._filled.wait()
        if self._is_overwhelmed:
            raise Overwhelmed(f"more than {self.limit} events waited for a subscriber that does not keep up")
        taken = [self._events.popleft() for _ in range(min(limit, len(self._events)))]
        self._changed()
        return taken
