"""Looking at a running broker: its rooms read off as a `View`, and every step of it kept as a film's frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from patterns.lab.broker_picture.film import Frame
from patterns.lab.broker_picture.view import MOST, Connection, Kind, Operation, Ring, View
from patterns.purgatory import Broker
from patterns.purgatory.connection import Connection as BrokersConnection
from patterns.purgatory.fetches import DelayedFetch
from patterns.purgatory.produces import DelayedProduce
from patterns.purgatory.replies import Reply
from patterns.purgatory.topics import Partition
from patterns.wait.delayed_operation import Purgatory
from patterns.wire.kafka import ApiKey

MOST_FRAMES = 2000

_KINDS: dict[int, Kind] = {ApiKey.FETCH: "fetch", ApiKey.PRODUCE: "produce"}


def look(broker: Broker) -> View:
    """Where everything in the broker is now. Its cost grows only with what is parked, a microsecond each at most."""
    connections = broker.network.connections
    parked = [*_by_key(broker.fetches.purgatory, ""), *_by_key(broker.produces.purgatory, ", acks=all")]
    return View(
        asyncio.get_running_loop().time(),
        tuple(Connection(one.number, one.is_muted) for one in islice(connections, MOST)),
        connected=len(connections),
        muted=sum(one.is_muted for one in connections),
        queue=tuple(_operation(asked.reply) for asked in broker.requests.contents[:MOST]),
        queued=len(broker.requests),
        queue_size=broker.requests.size,
        handlers=tuple(asked and _operation(asked.reply) for asked in broker.handlers.at_work),
        parked={key: first for key, _, first in parked},
        under={key: count for key, count, _ in parked},
        waiting=broker.fetches.purgatory.num_delayed + broker.produces.purgatory.num_delayed,
        rings=_rings(broker.fetches.purgatory),
        responses=tuple(_operation(reply) for reply in broker.responses.contents[:MOST]),
        answered=len(broker.responses),
    )


@contextmanager
def filmed(broker: Broker, *, told: Callable[[str, Reply], str] | None = None) -> Iterator[list[Frame]]:
    """The frames of what the broker does within the block, one a step; at most the first 2,000.

    told: makes the sentence of a step of its name and its request, in place of `tell`.
    """
    frames: list[Frame] = []
    before = broker.on_step

    def on_step(what: str, *who: object) -> None:
        if before is not None:
            before(what, *who)
        if len(frames) < MOST_FRAMES:
            frames.append(Frame(_sentence(told or tell, what, who), look(broker)))

    broker.on_step = on_step
    try:
        yield frames
    finally:
        broker.on_step = before


def tell(what: str, reply: Reply) -> str:
    """A step of a request as a sentence."""
    who = f"{reply.api_key.name.replace('_', ' ').title()} {reply.number}"
    return {
        "read": f"{who} is read off connection {reply.connection.number}, which is muted from now on.",
        "queued": f"{who} is put into the request queue.",
        "taken": f"A handler takes {who}.",
        "parked": f"{who} cannot be answered yet. It is parked, with a time-out on the wheel; its handler is free.",
        "completed": f"{who} is completed: nobody can complete it again, and a time-out that still runs is cancelled.",
        "expired": f"It was {who}'s time-out that completed it.",
        "answered": f"{who}'s answer is put into the response queue.",
        "sent": f"{who}'s answer is sent, and connection {reply.connection.number} may ask again.",
        "dropped": f"{who}'s answer is thrown away: its client has gone.",
    }[what]


def _sentence(told: Callable[[str, Reply], str], what: str, who: Sequence[object]) -> str:
    match who:
        case [Reply() as reply]:
            return told(what, reply)
        case [BrokersConnection() as connection, error]:
            return f"What connection {connection.number} sent is refused, and it is closed: {error}"
    return what


def _operation(reply: Reply) -> Operation:
    return Operation(reply.number, reply.connection.number, _KINDS.get(reply.api_key, "other"))


def _by_key(purgatory: Purgatory, addition: str) -> Iterator[tuple[str, int, tuple[Operation, ...]]]:
    """Each partition's name, how many wait for it, and the first of them."""
    for key, pending in purgatory.parked.items():
        assert isinstance(key, Partition)
        first = (one.reply for one in pending[:MOST] if isinstance(one, DelayedFetch | DelayedProduce))
        yield f"{key.name}{addition}", len(pending), tuple(map(_operation, first))


def _rings(purgatory: Purgatory) -> tuple[Ring, ...]:
    return tuple(
        Ring(wheel.tick_ms, tuple(map(len, wheel.buckets)), wheel.now_ms // wheel.tick_ms % wheel.size)
        for wheel in purgatory.wheels
    )
