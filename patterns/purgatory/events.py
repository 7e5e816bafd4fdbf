"""The course's log as a partition: topic `events`, number 0. Each event is a record, and each record an event.

    client ⇄ broker     a batch of one record: the payload is its value, the exact time stands in a header
    Log                 offset, time_s, payload

The log is the truth: what somebody appends to it is in the partition a turn of the loop later, and what a Kafka
client produces is appended to it, each record's value as an event that happens now; its key and headers are lost.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import AbstractContextManager

from patterns.purgatory.topics import Partition, Storage
from patterns.wait.log import Event, Log
from patterns.wire.kafka import Batch, Record, decode_records, encode_batch
from patterns.wire.kafka.records import NO_TIMESTAMP, decode_batch

EVENTS = "events"
TIME = "time_s"
_TIME = struct.Struct(">d")
RESTORED_BYTES = 1 << 20


def encode_event(event: Event) -> bytes:
    """The event as a batch of one record. Its time in ms is on the log's clock, which need not begin in 1970."""
    timestamp_ms = round(event.time_s * 1000) if 0 <= event.time_s < 2**50 else NO_TIMESTAMP
    headers = ((TIME, _TIME.pack(event.time_s)),)
    return encode_batch([Record(event.payload, headers=headers, timestamp_ms=timestamp_ms)], base_offset=event.offset)


def decode_events(records: bytes | None, from_offset: int) -> list[Event]:
    """The events in a field of records, from that offset on; one that is not ours happened at its record's time."""
    return [_event(record) for record in decode_records(records, from_offset)]


def event_bytes(payload_bytes: int) -> int:
    """The size of an event as a batch: that of its payload, and about 84 more."""
    return len(encode_event(Event(0, 0.0, bytes(payload_bytes))))


def _event(record: Record) -> Event:
    time_s = record.timestamp_ms / 1000
    for name, content in record.headers:
        if name == TIME and content is not None and len(content) == _TIME.size:
            (time_s,) = _TIME.unpack(content)
    return Event(record.offset, time_s, record.value or b"")


class OtherEvents(ValueError):
    """What is kept of the log and the log itself do not begin alike; neither was changed."""


class EventsPartition(Partition):
    """The partition that is a log. What is in only one of the two is put into the other first.

    appended: called, on the loop, when the log has told of events. Raises `OtherEvents`.
    """

    __slots__ = ("_appended", "_is_called", "_log", "_loop", "_unwatch")

    def __init__(
        self,
        log: Log,
        storage: Storage,
        lock: AbstractContextManager[object],
        appended: Callable[[Partition], object],
    ) -> None:
        _compare(log, storage)
        while storage.next_offset > log.next_offset:
            for event in decode_events(storage.read(log.next_offset, RESTORED_BYTES), log.next_offset):
                log.append(event.payload, event.time_s)
        super().__init__(EVENTS, 0, storage, lock)
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._appended = appended
        self._is_called = False
        self._unwatch = log.watch(self._happened)
        self.catch_up()
        self.high_watermark = storage.next_offset

    def append(self, data: bytes, batch: Batch) -> int:
        """On the loop: put the records' values into the log. `Compressed`, if they cannot be read."""
        earlier = self.sequences.check(batch)
        if earlier is not None:
            return earlier
        records = decode_batch(data, batch)
        base_offset = self._log.next_offset
        for record in records:
            last_s = self._log[base_offset - 1].time_s if base_offset else 0.0
            try:
                self._log.append(record.value or b"", max(self._loop.time(), last_s))
            except ExceptionGroup as failures:  # of those who watch it; it is appended all the same
                self._loop.call_exception_handler({"message": "who watches the log failed", "exception": failures})
        self.sequences.note(batch, base_offset)
        self.catch_up()
        return base_offset

    def catch_up(self) -> None:
        """Put into the partition what the log has and it has not."""
        with self.lock:
            for event in self._log.read(self.storage.next_offset):
                self.storage.append(encode_event(event), 1)
            self.changes += 1

    def close(self) -> None:
        """Watch the log no more; what it has is kept first."""
        self._unwatch()
        try:
            self.catch_up()
        finally:
            super().close()

    def _happened(self, _: Event) -> None:
        """Make a note; what else happens in this turn of the loop is told together with it."""
        if not self._is_called:
            self._is_called = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._is_called = False
        if self._log.next_offset > self.storage.next_offset:  # not so when a request, or the end, has been quicker
            self.catch_up()
            self._appended(self)


def _compare(log: Log, storage: Storage) -> None:
    """Raise `OtherEvents` unless both have the same events where both have some."""
    offset, end = storage.start_offset, min(storage.next_offset, log.next_offset)
    while offset < end:
        for kept in decode_events(storage.read(offset, RESTORED_BYTES), offset):
            offset = kept.offset + 1
            if kept.offset < end and kept != log[kept.offset]:
                raise OtherEvents(
                    f"expected the log's event {kept.offset} in topic {EVENTS}, got another one: "
                    f"{kept.payload!r:.100} at {kept.time_s!r} s is kept there, and the log has "
                    f"{log[kept.offset].payload!r:.100} at {log[kept.offset].time_s!r} s; "
                    "serve a new Log, which is given what is kept, or choose another folder"
                )
