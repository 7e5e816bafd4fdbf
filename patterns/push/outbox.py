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


class Outbox:
    """The events that wait for one subscriber, at most `limit` of them, and what has become of the others.

    dropped: events it will never be sent. most: how many ever waited at once. is_cut_off: whether it ran over and
    that was the end. All are for whoever looks on.
    cut: called when it is cut off, to end the connection. has_room: called when some of it was taken.

    It never drops what it holds under WAIT, nor refuses it: that publishers wait, `is_full` lets them see to.
    """

    def __init__(
        self,
        overload: Overload,
        limit: int,
        *,
        cut: Callable[[], object] = lambda: None,
        has_room: Callable[[], object] = lambda: None,
    ) -> None:
        self.overload = overload
        self.limit = limit
        self.dropped = 0
        self.most = 0
        self.is_cut_off = False
        self._events: deque[Event] = deque()
        self._cut = cut
        self._has_room = has_room
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    @property
    def is_full(self) -> bool:
        """Whether the next event would be one too many."""
        return len(self._events) >= self.limit and self.overload is not Overload.UNBOUNDED

    def put(self, event: Event) -> None:
        """Take an event, or do what was agreed on for a full outbox."""
        if self.is_cut_off:
            return  # its connection is about to end
        if self.is_full:
            match self.overload:
                case Overload.DROP_NEWEST:
                    self.dropped += 1
                    return
                case Overload.DROP_OLDEST:
                    self._events.popleft()
                    self.dropped += 1
                case Overload.DISCONNECT:
                    self.is_cut_off = True
                    self._events.clear()
                    self._cut()
                    return
        self._events.append(event)
        self.most = max(self.most, len(self._events))
        self._filled.set()

    async def take(self, limit: int) -> list[Event]:
        """Wait until there is an event, and take up to `limit`."""
        while not self._events:
            self._filled.clear()
            await self._filled.wait()
        taken = [self._events.popleft() for _ in range(min(limit, len(self._events)))]
        self._has_room()
        return taken
