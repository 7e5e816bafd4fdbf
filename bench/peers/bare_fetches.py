"""The least that can hold a fetch: it keeps the bytes and the transport, and answers every one with the same record.

No request is read, no offset looked at, no time-out kept; the answer is as long as the broker's, and as right.
"""

import asyncio

from bench.peers import BACKLOG, HAPPENS, PAYLOAD
from patterns.purgatory.client import FETCH_VERSION
from patterns.purgatory.events import EVENTS, encode_event
from patterns.wait.log import Event
from patterns.wire.kafka import encode_response
from patterns.wire.kafka.apis.fetch import FetchableTopicResponse, FetchResponse, PartitionData

held: list["Holding"] = []
offset = 0


class Holding(asyncio.Protocol):
    """One connection and its question."""

    __slots__ = ("request", "transport")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.request = data
        held.append(self)


def happen() -> None:
    """Something happens: all are answered."""
    global held, offset
    offset += 1
    records = encode_event(Event(offset - 1, asyncio.get_running_loop().time(), PAYLOAD))
    data = PartitionData(partition_index=0, high_watermark=offset, last_stable_offset=offset, records=records)
    whole = FetchResponse(responses=(FetchableTopicResponse(topic=EVENTS, partitions=(data,)),))
    answer = encode_response(whole, FETCH_VERSION, 0)
    length, rest = answer[:4], answer[8:]
    ready, held = held, []
    for one in ready:
        one.transport.write(b"".join((length, one.request[8:12], rest)))  # between them the number of the request


async def serve() -> asyncio.Server:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(HAPPENS, happen)
    return await loop.create_server(Holding, "127.0.0.1", 0, backlog=BACKLOG)
