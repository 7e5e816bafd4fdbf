"""What is no request (behaviour 98): its own connection is closed and no other; and where a broker listens."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from kafka_client import Client, batch, connected, fetch, only, produce, running

from patterns.wire.kafka import ALL, ApiKey, ErrorCode, encode_request
from patterns.wire.kafka.apis.discovery import ApiVersionsRequest, MetadataRequest
from patterns.wire.listen import Address

ONE = batch(b"one")
METADATA = MetadataRequest(topics=())


def now_s() -> float:
    return asyncio.get_running_loop().time()


ASKED = encode_request(METADATA, 8, 1)
REFUSED = {
    "a frame over the limit": struct.pack(">i", 10_001),
    "a frame shorter than nothing": struct.pack(">i", -1),
    "an api that is not served": struct.pack(">ihhih", 10, 999, 0, 1, -1),
    "a version that is not served": ASKED.replace(b"\0\3\0\x08", b"\0\3\0\x09", 1),
    "a version before the first": ASKED.replace(b"\0\3\0\x08", b"\0\3\0\x00", 1),
    "a body that ends in a field": struct.pack(">ihhihi", 14, 3, 8, 1, -1, 5),
    "more bytes than fields": struct.pack(">i", len(encode_request(METADATA, 8, 1)))
    + encode_request(METADATA, 8, 1)[4:]
    + b"more",
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_request_closes_its_connection_and_no_other_98(what: str) -> None:
    refused: list[str] = []
    async with running(max_request_bytes=10_000) as broker, connected(broker) as other:
        broker.on_step = lambda what, *who: refused.append(type(who[-1]).__name__) if what == "refused" else None
        other.send(fetch(0, wait_ms=60_000))
        async with connected(broker) as client:
            client.writer.write(REFUSED[what])
            assert await client.is_hung_up()
            assert now_s() == 0
        assert len(refused) == 1
        assert len(broker.network.connections) == 1
        async with connected(broker) as third:
            await third.ask(produce(ONE))
        assert only(await other.answer()).records


async def test_requests_before_a_wrong_one_are_answered_98() -> None:
    async with running() as broker, connected(broker) as client:
        client.send(METADATA)
        client.send(fetch(0, wait_ms=500))
        client.writer.write(REFUSED["another protocol"])
        await client.answer()
        await client.answer()
        assert await client.is_hung_up()


async def test_api_versions_in_an_unknown_version_is_answered_in_the_first_with_error_35_98() -> None:
    async with running() as broker, connected(broker) as client:
        request = bytearray(encode_request(ApiVersionsRequest(), 3, 5))
        request[6:8] = (9).to_bytes(2, "big")
        client.writer.write(request)
        client.responses.expect(ApiKey.API_VERSIONS, 0, 5)
        answer = await client.answer()
        assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION
        assert {each.api_key: (each.min_version, each.max_version) for each in answer.api_keys} == dict(ALL)
        assert not (await client.ask(ApiVersionsRequest())).error_code  # and the connection goes on


async def test_a_request_may_come_in_any_pieces() -> None:
    async with running() as broker, connected(broker) as client:
        whole = encode_request(produce(ONE), 8, 0) + encode_request(METADATA, 8, 1)
        for at in range(len(whole)):
            client.writer.write(whole[at : at + 1])
            await asyncio.sleep(0.001)
        client.responses.expect(ApiKey.PRODUCE, 8, 0)
        client.responses.expect(ApiKey.METADATA, 8, 1)
        assert only(await client.answer()).error_code == 0
        await client.answer()


async def test_a_unix_socket_can_be_listened_on_and_the_path_is_given_back(tmp_path: Any) -> None:
    path = tmp_path / "broker"
    async with running(path=str(path), advertise=Address("example", 9092)) as broker:
        client = Client(*await asyncio.open_unix_connection(path))
        (told,) = (await client.ask(METADATA)).brokers
        assert (told.host, told.port) == ("example", 9092)
        client.close()
        await asyncio.sleep(0.001)
        assert not broker.network.connections
    assert not path.exists()


async def test_others_than_this_machine_reach_it_only_when_that_is_said() -> None:
    with pytest.raises(ValueError, match=r"open_to_the_network=True$"):
        async with running(host="0.0.0.0"):
            pass
