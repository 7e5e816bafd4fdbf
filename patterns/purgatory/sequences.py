"""Sequence numbers: a batch that is sent twice, because its answer was lost, is appended once.

The problem: a producer that hears nothing cannot know whether its batch or the answer was lost, and must send again.
The assumption: it numbers its records, has at most five batches under way, and sends them again in order.
The bargain: for each producer and partition the broker remembers the last five batches; in exchange a repetition is
told from news, and a gap from both. (KIP-98; after Kafka's ProducerStateEntry.)
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

from patterns.wire.kafka import Batch, ErrorCode

REMEMBERED = 5  # batches a producer has under way at most (max.in.flight.requests.per.connection)
MOST_PRODUCERS = 10_000  # remembered for one partition; who has been silent longest is forgotten
WRAP = 1 << 31  # behind the last number comes 0


class SequenceError(ValueError):
    """A producer's numbers say that something is missing; `code` is what it is told."""

    code = ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


class OldEpoch(SequenceError):
    """A newer producer has taken over its number."""

    code = ErrorCode.INVALID_PRODUCER_EPOCH


class Sent(NamedTuple):
    """A batch that was appended: its first and last sequence number, and where it went."""

    first: int
    last: int
    base_offset: int


class Producer:
    """What is known of one producer: its epoch, and its last batches."""

    __slots__ = ("batches", "epoch")

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.batches: deque[Sent] = deque(maxlen=REMEMBERED)


class Sequences:
    """The producers of one partition, by their ids."""

    __slots__ = ("_producers",)

    def __init__(self) -> None:
        self._producers: OrderedDict[int, Producer] = OrderedDict()

    def check(self, batch: Batch) -> int | None:
        """None if the batch is the next; the offset that it has already, if it was sent before.

        One without a number is always the next. Raises `SequenceError`.
        """
        known = self._producers.get(batch.producer_id)
        if known is None:
            return None
        if batch.producer_epoch < known.epoch:
            raise OldEpoch(
                f"expected epoch {known.epoch} or later of producer {batch.producer_id}, got {batch.producer_epoch}; "
                "a newer one has taken its place"
            )
        expected = 0
        if batch.producer_epoch == known.epoch:
            last = _last(batch)
            for sent in known.batches:
                if (sent.first, sent.last) == (batch.base_sequence, last):
                    return sent.base_offset
            expected = (known.batches[-1].last + 1) % WRAP
        if batch.base_sequence != expected:
            raise SequenceError(
                f"expected sequence number {expected} of producer {batch.producer_id}, got {batch.base_sequence}; "
                "send what is missing first"
            )
        return None

    def note(self, batch: Batch, base_offset: int) -> None:
        """It was appended from that offset on."""
        if batch.producer_id < 0:
            return
        producer = self._producers.get(batch.producer_id)
        if producer is None or producer.epoch != batch.producer_epoch:
            producer = self._producers[batch.producer_id] = Producer(batch.producer_epoch)
        producer.batches.append(Sent(batch.base_sequence, _last(batch), base_offset))
        self._producers.move_to_end(batch.producer_id)
        if len(self._producers) > MOST_PRODUCERS:
            self._producers.popitem(last=False)


def _last(batch: Batch) -> int:
    return (batch.base_sequence + batch.last_offset_delta) % WRAP
