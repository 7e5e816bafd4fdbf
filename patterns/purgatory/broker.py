"""The broker: the parts put together, started, and stopped in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from functools import partial
from typing import Self

from patterns.purgatory.cluster import Cluster
from patterns.purgatory.connection import Network, OnStep
from patterns.purgatory.disk import DiskLogs
from patterns.purgatory.events import EVENTS, EventsPartition
from patterns.purgatory.fetches import Fetches
from patterns.purgatory.groups import GroupCoordinator
from patterns.purgatory.listener import Listener
from patterns.purgatory.plugged import HoldFetches, PluggedFetches
from patterns.purgatory.produces import Actions, Produces
from patterns.purgatory.reaper import Clock, Reaper, ThreadReaper, TimerReaper
from patterns.purgatory.replies import ApiHandler, HangUp, ResponseQueue
from patterns.purgatory.requests import Asked, Handlers, RequestQueue, TaskHandlers, ThreadHandlers
from patterns.purgatory.topics import Partition, Topics, in_memory
from patterns.wait.delayed_operation import Purgatory
from patterns.wait.log import Log
from patterns.wire.kafka import ALL, ApiKey, Versions
from patterns.wire.kafka.apis.produce import ProduceRequest
from patterns.wire.listen import Address

GROUPS_BYTES = 8 << 20  # of commits: what counts is written again before it is forgotten, see `groups.offsets`
REMEMBERED_BATCHES = 10_000  # of a partition, when it is opened again: more than can have been under way


class Broker:
    """A running broker; made by `serve`, ended by `stop` or at the end of `async with`.

    To be looked at, while it runs: `network` (connections, and who is muted), `requests`, `handlers` (what each has in
    hand), `fetches.purgatory`, `produces.purgatory`, `responses`, `topics`, `groups`. For the settings see `serve`.
    """

    address: Address
    handlers: Handlers
    groups: GroupCoordinator

    def __init__(
        self,
        logs: DiskLogs | None,
        *,
        threads: bool,
        queue_size: int,
        max_request_bytes: int,
        idle_s: float,
        replication_s: float | None,
        retention_bytes: int | None,
        min_session_s: float,
        rebalance_delay_s: float,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = threads
        self._lock = threading.RLock if threads else None
        self.clock = Clock(self._loop)
        self.replication_s = replication_s
        self.apis: dict[int, ApiHandler] = {}
        self.served: dict[int, Versions] = {}
        self.requests = RequestQueue(queue_size)
        self.responses = ResponseQueue(self._loop, threads=threads)
        self.network = Network(
            self.requests, self.responses, self.served, max_request_bytes=max_request_bytes, idle_s=idle_s
        )
        self.topics = Topics(in_memory(retention_bytes, {EVENTS}) if logs is None else logs.open, self._lock)
        self._logs = logs
        self._actions = Actions(partial(self.network.report, "an action at the end of a request failed"))
        self._reapers: list[Reaper] = []
        self.plugged: PluggedFetches | None = None
        self.fetches = Fetches(self.topics, *self.new_purgatory("fetch"))
        self.produces = Produces(self.topics, *self.new_purgatory("produce"), self.appended)
        self._parks_groups = self.new_purgatory("group")
        self._min_session_ms = round(min_session_s * 1000)
        self._rebalance_delay_ms = round(rebalance_delay_s * 1000)
        self._on_step: OnStep | None = None
        self._is_stopping = False

    @property
    def on_step(self) -> OnStep | None:
        """Told of each step of each request, see `connection.OnStep`; may be set at any time. None costs nothing."""
        return self._on_step

    @on_step.setter
    def on_step(self, on_step: OnStep | None) -> None:
        self._on_step = on_step
        self.network.tell(on_step)

    def plug_in(self, fetches: HoldFetches) -> None:
        """Have fetches held by something else; before `start`."""
        if self._threads:
            raise ValueError("expected fetches=… without threads=True, got both; a fetch that is plugged in is a task")
        self.plugged = PluggedFetches(fetches, self.topics, self.network.report)

    def new_purgatory(self, kind: str) -> tuple[Purgatory, Reaper]:
        """A purgatory of its own kind, and the reaper that keeps its time and has to be told of what is parked."""
        purgatory = Purgatory(self.clock(), lock=self._lock)
        reaper: Reaper
        if self._threads:
            reaper = ThreadReaper(purgatory, self.clock, self.network.report, f"{kind} reaper")
        else:
            reaper = TimerReaper(purgatory, self.clock, self.network.report)
        self._reapers.append(reaper)
        return purgatory, reaper

    def start(self, listener: Listener, log: Log, handlers: int, advertised: Address) -> None:
        """Begin to handle requests."""
        self._listener = listener
        self.address = listener.address
        self.topics.add(EventsPartition(log, self.topics.storage(EVENTS, 0), self.topics.lock(), self._told))
        if self._logs is not None:
            self._find_topics(self._logs)
        cluster_id = self._logs.cluster_id() if self._logs is not None else ""
        cluster = Cluster(self.topics, self.served, advertised, cluster_id)
        self.serve_apis(
            {
                ApiKey.PRODUCE: self.produces,
                ApiKey.FETCH: self.plugged or self.fetches,
                ApiKey.LIST_OFFSETS: cluster.list_offsets,
                ApiKey.METADATA: cluster.metadata,
                ApiKey.API_VERSIONS: cluster.api_versions,
                ApiKey.CREATE_TOPICS: cluster.create_topics,
                ApiKey.INIT_PRODUCER_ID: cluster.init_producer_id,
            }
        )
        purgatory, reaper = self._parks_groups
        self.groups = GroupCoordinator(
            purgatory,
            lambda: cluster.broker,
            parked=reaper.parked,
            has_partition=lambda topic, index: self.topics.partition(topic, index) is not None,
            initial_rebalance_delay_ms=self._rebalance_delay_ms,
            min_session_timeout_ms=self._min_session_ms,
            log=None if self._logs is None else self._logs.of_the_broker("groups", retention_bytes=GROUPS_BYTES),
            lock=self._lock,
        )
        self.serve_apis(self.groups.handlers)
        make = ThreadHandlers if self._threads else TaskHandlers
        self.handlers = make(handlers, self.requests, self._handle, self._failed)
        self.requests.came = self.handlers.wake
        self.requests.room = self._room

    def serve_apis(self, apis: Mapping[int, ApiHandler]) -> None:
        """Have these answered as well, in every version that the codec knows."""
        self.apis.update(apis)
        self.served.update({key: ALL[key] for key in apis})

    def appended(self, partition: Partition) -> None:
        """Something was appended to it: let the followers copy it. Who waits for it is tried at the end of handling."""
        offset = partition.storage.next_offset
        if self.replication_s == 0:
            self._replicated(partition, offset)
        elif self.replication_s is not None:
            self._loop.call_soon_threadsafe(self._loop.call_later, self.replication_s, self._copied, partition, offset)

    def _find_topics(self, logs: DiskLogs) -> None:
        """Have the topics of an earlier broker, and remember what idempotent producers sent to it last."""
        for name, partitions in logs.topics.items():
            if name not in self.topics:
                for partition in self.topics.make(name, partitions):
                    for batch in logs.open(name, partition.index).last_batches(REMEMBERED_BATCHES):
                        partition.sequences.note(batch, batch.base_offset)

    async def stop(self) -> None:
        """Accept nothing more, end the handlers, close the connections, then the reapers and the topics' storages.

        What is parked is neither completed nor expired: nobody could be told.
        """
        if self._is_stopping:
            return
        self._is_stopping = True
        try:
            await self._listener.stop()
        finally:  # interrupted or not, everything ends
            try:
                await self.handlers.stop()
                if self.plugged is not None:
                    await self.plugged.stop()
            finally:
                await self.give_back()

    async def give_back(self) -> None:
        """Close and end what was there before `start`; also when that failed."""
        try:
            await self.network.stop()
            for reaper in self._reapers:
                await reaper.stop()
        finally:
            self.topics.close()
            if self._logs is not None:
                self._logs.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __repr__(self) -> str:
        return f"<Broker on {self.address}, {len(self.network.connections)} connections>"

    def _handle(self, asked: Asked) -> object:
        request, reply = asked
        step = self.network.step
        if step is not None:
            step("taken", reply)
        if self._threads and isinstance(request.body, ProduceRequest) and self._is_for_events(request.body):
            self._loop.call_soon_threadsafe(self._handle_on_loop, asked)
            return None
        try:
            return self.apis[request.api_key](request, reply, self.clock())
        finally:
            self._actions.try_complete()

    def _is_for_events(self, request: ProduceRequest) -> bool:
        """The course's log belongs to the loop: nobody appends to it from another thread."""
        return any(topic.name == EVENTS for topic in request.topic_data)

    def _handle_on_loop(self, asked: Asked) -> None:
        try:
            self.produces(asked.request, asked.reply, self.clock())
            self._actions.try_complete()
        except Exception as error:
            self._failed(asked, error)

    def _failed(self, asked: Asked, error: Exception) -> None:
        if not isinstance(error, HangUp):
            self.network.report(f"the handler of {asked.reply} failed", error)
        self._loop.call_soon_threadsafe(asked.reply.connection.hang_up, asked.reply)

    def _room(self) -> None:
        if self._threads:
            self._loop.call_soon_threadsafe(self.requests.let_in)
        else:
            self.requests.let_in()

    def _told(self, partition: Partition) -> None:
        """Events came that no request has brought."""
        self.appended(partition)
        self._actions.try_complete()

    def _copied(self, partition: Partition, offset: int) -> None:
        if not self._is_stopping:
            self._replicated(partition, offset)
            self._actions.try_complete()

    def _replicated(self, partition: Partition, offset: int) -> None:
        """Its high watermark rises to there: those who waited for that are to be tried, producers first."""
        if partition.replicated(offset):
            self._actions.add(partial(self.produces.purgatory.check_and_complete, partition))
            self._actions.add(partial((self.plugged or self.fetches).appended, partition))
