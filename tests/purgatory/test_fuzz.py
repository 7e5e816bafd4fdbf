"""Requests that are nearly right, and right ones that ask for nonsense: nothing fails, hangs, or is noticed by others.

What reaches the loop's exception handler, or is left behind, fails these tests by itself. Each input is a connection,
so that of FUZZ_INPUTS, a million in `make soak`, a tenth are sent.
"""

from __future__ import annotations

import asyncio
import os
import random
import struct
from typing import Any

import pytest
from kafka_client import batch, connected, fetch, only, produce, running

from patterns.wire.kafka import APIS, Api, Field, KafkaError, ResponseReader, Struct, encode_request, encode_response

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000")) // 10
A_BROKER = 100  # inputs
GOOD = batch(b"a", b"b")
STRINGS = ["t", "t", "events", "nowhere", "", "g", "range", "consumer", "ä/..", "x" * 300]
BYTES = [GOOD, GOOD, GOOD[:-1], GOOD + GOOD, b"", b"\0" * 70, b"\0\1\0\0\0\1\0\1t\0\0\0\1\0\0\0\0"]
NUMBERS = [0, 0, 0, 1, 1, 2, 5, -1, -1, -2, 100, 6000, 1 << 31, -(1 << 31), (1 << 31) - 1, (1 << 63) - 1, -(1 << 63)]
BITS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
SOON_MS = 1000  # at most of what may make a request wait, or a test would be an hour of virtual time long


def message(table: type[Struct], version: int, draw: random.Random) -> Any:
    """A message of that table: what is in it may be, but need not go together."""
    values = {field.name: value(field, version, draw) for field in table.fields if field.is_in(version)}
    return table(**values)


def value(field: Field, version: int, draw: random.Random) -> Any:
    if field.is_nullable(version) and draw.random() < 0.2:
        return None
    if field.kind == "array":
        count = draw.choice([0, 1, 1, 1, 2, 3])
        plain = Field("", field.of if isinstance(field.of, str) else "")
        make = message if isinstance(field.of, type) else lambda _, v, d: value(plain, v, d)
        return tuple(make(field.of, version, draw) for _ in range(count))
    if field.kind in BITS:
        half = 1 << (BITS[field.kind] - 1)
        number = draw.choice([each for each in NUMBERS if -half <= each < half])
        return min(number, SOON_MS) if field.name in {"max_wait_ms", "timeout_ms", "rebalance_timeout_ms"} else number
    return {
        "boolean": lambda: draw.random() < 0.5,
        "string": lambda: draw.choice(STRINGS),
        "blob": lambda: draw.choice(BYTES),
        "records": lambda: draw.choice(BYTES),
    }[field.kind]()


def spoilt(frame: bytes, draw: random.Random) -> bytes:
    """Some bytes changed, put in or cut out; its length is right again, mostly."""
    made = bytearray(frame[4:])
    for _ in range(draw.choice([1, 1, 2, 3])):
        at = draw.randrange(len(made) or 1)
        match draw.randrange(3):
            case 0:
                made[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                made[at:at] = draw.randbytes(draw.choice([1, 2, 4]))
            case 2:
                del made[at : at + draw.choice([1, 2, 4])]
    length = len(made) if draw.random() < 0.9 else draw.choice([-1, 0, 5, len(made) + 1, 1 << 30])
    return struct.pack(">i", length) + made


def frame(api: Api, version: int, draw: random.Random) -> bytes:
    return encode_request(message(api.request, version, draw), version, 7, draw.choice([None, "c", ""]))


@pytest.mark.fuzz
@pytest.mark.limit_s(3600)
@pytest.mark.parametrize("first", range(0, INPUTS, A_BROKER))
async def test_whatever_is_sent_the_broker_serves_the_others(first: int) -> None:
    draw = random.Random(first)
    cases = [(api, version) for api in APIS.values() for version in range(api.versions[0], api.versions[1] + 1)]
    answered = 0
    async with running({"t": 2}, max_request_bytes=1 << 20) as broker:
        for number in range(A_BROKER):
            api, version = draw.choice(cases)
            sent = frame(api, version, draw)
            is_whole = number % 2 == 0
            async with connected(broker) as client:
                client.writer.write(sent if is_whole else spoilt(sent, draw))
                if draw.random() < 0.3:
                    await asyncio.sleep(0.001)  # and hang up before there can be an answer
                    continue
                reader = ResponseReader()
                reader.expect(api.key, version, 7)
                try:
                    async with asyncio.timeout(2 * SOON_MS / 1000):
                        while data := await client.reader.read(1 << 16):
                            reader.receive(data)
                            if (response := reader.next_response()) is not None:
                                encode_response(response.body, version, 7)
                                answered += is_whole
                                break
                except TimeoutError:  # the rest of a frame is waited for, or of a group
                    pass
                except KafkaError:
                    assert not is_whole  # the version that was spoilt, or the correlation id
        async with connected(broker) as other:
            assert only(await other.ask(produce(GOOD))).error_code == 0
            assert only(await other.ask(fetch(0))).records
        await asyncio.sleep(2 * SOON_MS / 1000)
        assert (broker.fetches.purgatory.num_delayed, broker.produces.purgatory.num_delayed) == (0, 0)
        assert not any(broker.handlers.at_work)
        assert not broker.network.connections
    assert answered > A_BROKER / 6
