"""`serve`: a broker, listening."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from patterns.purgatory.broker import Broker
from patterns.purgatory.connection import Connection, OnStep
from patterns.purgatory.disk import DiskLogs
from patterns.purgatory.events import EVENTS
from patterns.purgatory.listener import listen
from patterns.purgatory.plugged import HoldFetches
from patterns.push.contract import Serve
from patterns.wait.log import Log
from patterns.wire.kafka import MAX_FRAME
from patterns.wire.listen import Address

HANDLERS = 8  # num.io.threads
QUEUE_SIZE = 500  # queued.max.requests
IDLE_S = 600.0  # connections.max.idle.ms
MIN_SESSION_S = 6.0  # group.min.session.timeout.ms


async def serve(
    log: Log,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    handlers: int = HANDLERS,
    threads: bool = False,
    queue_size: int = QUEUE_SIZE,
    advertise: Address | None = None,
    path: str | None = None,
    folder: Path | str | None = None,
    fsync: bool = False,
    replication_s: float | None = 0.0,
    retention_bytes: int | None = None,
    max_request_bytes: int = MAX_FRAME,
    idle_s: float = IDLE_S,
    min_session_s: float = MIN_SESSION_S,
    rebalance_delay_s: float = 0.0,
    fetches: HoldFetches | None = None,
    on_step: OnStep | None = None,
    open_to_the_network: bool = False,
) -> Broker:
    """A broker of Kafka's protocol; the log is its topic `events`, partition 0, and clients may add others.

    handlers: how many work off the request queue, as tasks or, with `threads`, as threads.
    queue_size: requests that may wait for a handler; then connections are not read.
    advertise: where clients are told to connect, if not where it listens. path: listen on this UNIX socket instead.
    folder: keep topics and groups' offsets there, beyond the process's end; see `disk`, also for its errors. Events
        that are there and not in the log are appended to it first; `OtherEvents`, if it has others in their place.
    fsync: an answer to a producer, and every event, waits for the disk, and so does the loop.
    replication_s: how long followers take to copy what was appended; None: they never do. Until then consumers do
        not see it, and a producer with acks=all waits.
    retention_bytes: forget the oldest of each partition but `events` as long as so much stays (log.retention.bytes): a
        segment at a time, which is 1 MiB in memory and 16 MiB in a folder. None: keep everything.
    max_request_bytes, idle_s: a connection that sends a longer request, or nothing for so long, is closed.
    min_session_s: the least session time-out that a consumer in a group may ask for.
    rebalance_delay_s: how long a new group waits for more members than its first. Kafka waits 3 s
        (group.initial.rebalance.delay.ms), which spares many that start together as many rebalances.
    fetches: what holds fetches in place of our purgatory; see `plugged`.
    on_step: called at each step of each request; see `connection.OnStep`. With `threads`, from several of them.
    """
    if handlers < 1:
        raise ValueError(f"expected handlers ≥ 1, got {handlers}")
    if retention_bytes is not None and retention_bytes < 0:
        raise ValueError(f"expected retention_bytes ≥ 0, or None to keep everything, got {retention_bytes}")
    async with AsyncExitStack() as undo:
        logs = None
        if folder is not None:
            logs = DiskLogs(folder, fsync=fsync, retention_bytes=retention_bytes, whole={EVENTS})
            undo.enter_context(logs)
        broker = Broker(
            logs,
            threads=threads,
            queue_size=queue_size,
            max_request_bytes=max_request_bytes,
            idle_s=idle_s,
            replication_s=replication_s,
            retention_bytes=retention_bytes,
            min_session_s=min_session_s,
            rebalance_delay_s=rebalance_delay_s,
        )
        undo.push_async_callback(broker.give_back)
        broker.on_step = on_step
        if fetches is not None:
            broker.plug_in(fetches)
        listener = await listen(
            lambda: Connection(broker.network), host, port, path=path, open_to_the_network=open_to_the_network
        )
        undo.push_async_callback(listener.stop)
        broker.start(listener, log, handlers, advertise or listener.address)
        undo.pop_all()
    return broker


_: Serve = serve
