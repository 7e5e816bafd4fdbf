"""What a pattern did cost: one row, read off the traffic between client and server.

The problem: counters inside a handler count what the handler believes. The assumption: every byte passed the
tap. The bargain: counting happens once, there, in the same way for every pattern and every client; what the
tap cannot see, namely when the client had an event in its hands, the client's side has to tell.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

from patterns.cost.model import Cost, percentile
from patterns.wait.log import Event
from patterns.wire.tap import Direction, Kind, Seen, Traffic

__all__ = ["connections_held_s", "cost", "percentile"]

ENDS = {Kind.CLOSE, Kind.RESET, Kind.CUT}


def connections_held_s(traffic: Traffic, until_s: float) -> float:
    """Return connections × seconds: for each, from its opening to its end, or to `until_s` if still open.

    Where both directions end, the later end counts, for so long was it held.
    """
    opened: dict[int, float] = {}
    ended: dict[int, float] = {}
    for record in traffic:
        if record.kind is Kind.OPEN:
            opened.setdefault(record.connection, record.time_s)
        elif record.kind in ENDS:
            ended[record.connection] = max(record.time_s, ended.get(record.connection, -math.inf))
    return math.fsum(
        max(0.0, min(ended.get(connection, until_s), until_s) - time_s) for connection, time_s in opened.items()
    )


def cost(
    pattern: str,
    traffic: Traffic,
    *,
    deliveries: Iterable[tuple[Event, float]] = (),
    published: int = 0,
    clients: int = 1,
    useless: int | Callable[[Seen], bool] = 0,
    until_s: float | None = None,
) -> Cost:
    """Return the row for what passed the tap.

    Args:
        pattern: the row's name.
        traffic: what the tap recorded. Messages are counted when whole; bytes always.
        deliveries: (event, the loop's time in seconds when a client had it), of all clients.
        published: how many events each client should have had.
        clients: how many clients there were. An event delivered twice to one client hides no other.
        useless: how many responses brought nothing, or what tells of a message to the client that it did.
        until_s: when the measurement ended, for connections still open; by default the last record's time.

    Raises:
        ValueError: the traffic has outgrown its memory and no longer holds every message.
    """
    if traffic.note is not None:
        raise ValueError(f"not everything can be counted: {traffic.note}; give the tap's traffic more")
    delivered = list(deliveries)
    staleness = [had_s - event.time_s for event, had_s in delivered]
    times = Counter(event.offset for event, _ in delivered)
    messages = [seen for seen in traffic.messages() if seen.message is not None]
    to_client = [seen for seen in messages if seen.direction is Direction.TO_CLIENT]
    if until_s is None:
        until_s = max((record.time_s for record in traffic), default=0.0)
    return Cost(
        pattern=pattern,
        messages_to_server=len(messages) - len(to_client),
        messages_to_client=len(to_client),
        bytes_to_server=traffic.bytes(Direction.TO_SERVER),
        bytes_to_client=traffic.bytes(Direction.TO_CLIENT),
        useless_responses=sum(map(useless, to_client)) if callable(useless) else useless,
        connections_held_s=connections_held_s(traffic, until_s),
        staleness_p50_s=percentile(staleness, 50) if staleness else None,
        staleness_p99_s=percentile(staleness, 99) if staleness else None,
        staleness_max_s=max(staleness, default=None),
        events_missed=published * clients - sum(min(count, clients) for count in times.values()),
    )
