"""What a broker looks like at one moment: plain values, to be drawn, compared and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["fetch", "produce", "other"]

MOST = 60
"""So many of a room are kept; no room draws more."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One request inside the broker. `number`: the how manieth it is; `connection`: whose, as numbered in the view."""

    number: int
    connection: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Connection:
    """A client's connection. Muted: its request is inside, and nothing more is read from it."""

    number: int
    is_muted: bool


@dataclass(frozen=True, slots=True)
class Ring:
    """One wheel of the hierarchy: its tick in ms, how many timers lie in each bucket, and where it stands."""

    tick_ms: int
    timers: tuple[int, ...]
    at: int


@dataclass(frozen=True, slots=True)
class View:
    """A broker at `time_s`: where every request is, as far as it is drawn.

    Of many, the first `MOST` are kept, and how many there are in all: `connected` and `muted` of the connections,
    `queued`, `waiting` in the purgatory (each counted once), `under` each key, `answered` in the response queue.
    An operation that waits for several keys stands under each.
    """

    time_s: float
    connections: tuple[Connection, ...] = ()
    connected: int = 0
    muted: int = 0
    queue: tuple[Operation, ...] = ()
    queued: int = 0
    queue_size: int = 500
    handlers: tuple[Operation | None, ...] = ()
    parked: Mapping[str, tuple[Operation, ...]] = field(default_factory=dict)
    under: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    rings: tuple[Ring, ...] = ()
    responses: tuple[Operation, ...] = ()
    answered: int = 0

    @property
    def timers(self) -> int:
        """How many time-outs are on the wheel."""
        return sum(sum(ring.timers) for ring in self.rings)

    def words(self) -> str:
        """The whole picture in a sentence or two, for those who do not see it."""
        at_work = sum(one is not None for one in self.handlers)
        keys = ", ".join(f"{count} under {key}" for key, count in self.under.items())
        return (
            f"At {self.time_s:.3f} s: {self.connected} connections, {self.muted} of them muted; "
            f"{self.queued} of {self.queue_size} places in the request queue taken; "
            f"{at_work} of {len(self.handlers)} handlers at work; {self.waiting} operations in the purgatory"
            f"{f' ({keys})' if keys else ''}, {self.timers} time-outs on the wheel; "
            f"{self.answered} responses waiting to be sent."
        )

    def places(self) -> Iterator[tuple[str, Operation]]:
        """Every operation that is drawn, with the name of the room in which it is."""
        for operation in self.queue:
            yield "request queue", operation
        for handler in self.handlers:
            if handler is not None:
                yield "handler", handler
        for key, operations in self.parked.items():
            for operation in operations:
                yield f"purgatory, {key}", operation
        for operation in self.responses:
            yield "response queue", operation
