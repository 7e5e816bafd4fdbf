"""The lesson's own client: long polling's, in Kafka's words. For the client nothing has changed.

It asks Fetch from an offset on, waits, takes what comes, and asks again at once. That it may be one of a million, and
that the broker holds its question in a wheel and not in a task, it does not see.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from patterns.purgatory.events import EVENTS, decode_events, event_bytes
from patterns.push.contract import BREAKS, RETRY_S, Follow, resume
from patterns.wait.log import Event
from patterns.wire.kafka import (
    ApiKey,
    ErrorCode,
    KafkaError,
    ResponseReader,
    UnexpectedResponse,
    encode_request,
    encode_response,
)
from patterns.wire.kafka.apis.fetch import (
    FetchableTopicResponse,
    FetchPartition,
    FetchRequest,
    FetchResponse,
    FetchTopic,
    PartitionData,
)
from patterns.wire.listen import Address

WAIT_S = 30.0  # how long the broker is asked to hold the question
MARGIN_S = 10.0  # by which the client's own time-out is longer
MOST_BYTES = 1 << 16  # in one answer, unless a single event has more: a slow path carries it within the time-outs
PIECE_BYTES = 1 << 16
FETCH_VERSION = 4  # the first with record batches, and nothing that is not needed here


async def follow(
    address: Address,
    offset: int = 0,
    *,
    wait_s: float = WAIT_S,
    min_bytes: int = 1,
    client_wait_s: float | None = None,
    retry_s: float = RETRY_S,
    breaks: int = BREAKS,
) -> AsyncGenerator[Event, None]:
    """Fetch, wait for the answer, fetch again; yield each event.

    wait_s: how long the broker is asked to hold a fetch; it counts in milliseconds.
    min_bytes: and for how many bytes it is to wait before it answers earlier. `event_bytes` of 100 are 186, say.
    client_wait_s: how long to wait for the answer, `wait_s` + 10 by default; then it is asked on a new connection.
    retry_s, breaks: see `push.resume`. `LookupError` when the log is shorter than `offset`.
    """
    patience_s = wait_s + MARGIN_S if client_wait_s is None else client_wait_s
    if not (wait_s > 0 and patience_s > 0):
        raise ValueError(f"expected time-outs above 0 s, got wait_s={wait_s!r}, client_wait_s={client_wait_s!r}")

    async def one_connection(offset: int) -> AsyncGenerator[Event, None]:
        reader, writer = await asyncio.open_connection(*address)
        try:
            responses = ResponseReader()
            for number in range(1 << 31):
                writer.write(encode_request(fetch(offset, wait_s, min_bytes), FETCH_VERSION, number))
                responses.expect(ApiKey.FETCH, FETCH_VERSION, number)
                async with asyncio.timeout(patience_s):
                    answer = await _next(reader, responses)
                if answer is None:
                    return
                for event in _events(answer, offset):
                    offset = event.offset + 1
                    yield event
        except KafkaError as error:
            raise ConnectionError(f"no broker answers there: {error}") from error
        finally:
            writer.transport.abort()

    async with aclosing(resume(one_connection, offset, retry_s=retry_s, breaks=breaks)) as events:
        async for event in events:
            yield event


def fetch(offset: int, wait_s: float, min_bytes: int = 1) -> FetchRequest:
    """What is there of `events` from that offset on?"""
    part = FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=MOST_BYTES)
    return FetchRequest(
        max_wait_ms=round(wait_s * 1000),
        min_bytes=min_bytes,
        max_bytes=MOST_BYTES,
        topics=(FetchTopic(topic=EVENTS, partitions=(part,)),),
    )


def fetch_bytes() -> int:
    """The size of a fetch on the wire: every number in it has a fixed one."""
    return len(encode_request(fetch(0, WAIT_S), FETCH_VERSION, 0))


def answer_bytes(payload_bytes: Sequence[int] = ()) -> int:
    """The size of an answer on the wire, with events of these sizes or with none."""
    data = PartitionData(partition_index=0, high_watermark=0, last_stable_offset=0, records=b"")
    answer = FetchResponse(responses=(FetchableTopicResponse(topic=EVENTS, partitions=(data,)),))
    return len(encode_response(answer, FETCH_VERSION, 0)) + sum(map(event_bytes, payload_bytes))


async def _next(reader: asyncio.StreamReader, responses: ResponseReader) -> FetchResponse | None:
    """The next response; None when the broker has hung up."""
    while (response := responses.next_response()) is None:
        data = await reader.read(PIECE_BYTES)
        if not data:
            return None
        responses.receive(data)
    assert isinstance(response.body, FetchResponse)
    return response.body


def _events(answer: FetchResponse, offset: int) -> list[Event]:
    """The events in an answer; `LookupError` for an error that another try would bring again."""
    parts = [part for topic in answer.responses for part in topic.partitions]
    if len(parts) != 1:
        mend = "see whether a broker answers there"
        raise UnexpectedResponse("an answer for the one partition that was asked for", f"one for {len(parts)}", mend)
    (data,) = parts
    if data.error_code:
        got = ErrorCode.name_of(data.error_code)
        raise LookupError(f"expected events from offset {offset} on, got {got}; follow from 0, or from the end")
    return decode_events(data.records, offset)


_: Follow = follow
