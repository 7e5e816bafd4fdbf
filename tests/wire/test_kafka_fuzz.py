"""Frames that are nearly right: nothing but a `KafkaError` comes out, and the two ways to read say the same.

`make soak` sets FUZZ_INPUTS to a million.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import struct
from collections.abc import Iterator
from typing import NamedTuple

import google_crc32c
import pytest
from kafka_oracles import Case, cases, least

from patterns.wire.kafka import (
    Frames,
    KafkaError,
    Malformed,
    Record,
    RequestReader,
    ResponseReader,
    Struct,
    compiled,
    decode_records,
    encode_batch,
    encode_request,
    encode_response,
    produced_batches,
    stamp,
    walk,
)
from patterns.wire.kafka.frames import PREFIX_BYTES, read_header

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
SPICES = [
    *(
        b"\0",
        b"\xff",
        b"\x7f",
        b"\x80",
        b"\xff\xff",
        b"\x7f\xff",
        b"\0\0\0\1",
        b"\xff\xff\xff\xff",
    ),
    *(b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xfe", "ä".encode(), b"\xed\xa0\x80", b"\0\6events"),
]


def spoilt(data: bytes, chance: random.Random) -> bytes:
    """The data with up to three places changed, filled, cut out or cut off."""
    made = bytearray(data)
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        at = chance.randint(0, len(made))
        match chance.randrange(5):
            case 0:
                made[at:at] = chance.choice(SPICES)
            case 1:
                del made[at : at + chance.choice([1, 1, 2, 9])]
            case 2:
                made[at : at + 1] = bytes([chance.randrange(256)])
            case 3:
                spice = chance.choice(SPICES)
                made[at : at + len(spice)] = spice
            case 4 if chance.random() < 0.3:
                del made[at:]
    return bytes(made)


class Fuzzed(NamedTuple):
    case: Case
    frame: bytes

    def reader(self) -> RequestReader | ResponseReader:
        if self.case.message is self.case.api.request:
            return RequestReader()
        reader = ResponseReader()
        for _ in range(9):
            reader.expect(self.case.api.key, self.case.version, 1)
        return reader


def fuzzed(seed: int) -> Iterator[Fuzzed]:
    """Frames without end; most have a length that is right, so that what is inside is read."""
    chance = random.Random(seed)
    frames = []
    for case in cases():
        for items in (0, 1, 3):
            body = least(case.message, case.version, items)
            is_request = case.message is case.api.request
            make = (lambda *given: encode_request(*given, "me")) if is_request else encode_response
            frames.append((case, make(body, case.version, 1)))
    while True:
        case, frame = chance.choice(frames)
        if chance.random() < 0.9:
            inside = spoilt(frame[PREFIX_BYTES:], chance)
            frame = struct.pack(">i", len(inside)) + inside
        else:
            frame = spoilt(frame, chance)
        yield Fuzzed(case, frame)


def said(reader: RequestReader | ResponseReader, pieces: list[bytes]) -> tuple[list[object], str | None]:
    came: list[object] = []
    try:
        for piece in [*pieces, b""]:
            came += reader.feed(piece)
        reader.eof()
    except KafkaError as error:
        return came, f"{type(error).__name__}: {error}"
    return came, None


def both_ways(message: type[Struct], version: int, data: bytes, at: int) -> Struct | None:
    """What the two ways to read make of it; they have to agree."""
    try:
        walked: Struct | None = walk.read(message, version, data, at)
    except Malformed:
        walked = None
    try:
        read = compiled.reader(message, version)(data, at)
    except compiled.FAILURES:
        read = None
    assert read == walked, (message, version, data)
    return walked


@pytest.mark.fuzz
def test_a_spoilt_frame_is_read_alike_in_any_pieces_and_in_both_ways() -> None:
    chance = random.Random(50)
    accepted = refused = agreed = 0
    for fuzz in itertools.islice(fuzzed(seed=51), INPUTS):
        whole = said(fuzz.reader(), [fuzz.frame])
        cuts = sorted(chance.randint(0, len(fuzz.frame)) for _ in range(chance.randint(1, 6)))
        ends = zip([0, *cuts], [*cuts, len(fuzz.frame)], strict=True)
        assert said(fuzz.reader(), [fuzz.frame[at:end] for at, end in ends]) == whole, fuzz
        accepted += whole[1] is None
        refused += whole[1] is not None
        if fuzz.case.flexible or (frame := taken(fuzz.frame)) is None:
            continue
        try:
            at = read_header(frame).end if fuzz.case.message is fuzz.case.api.request else PREFIX_BYTES + 4
        except Malformed:
            continue
        found = both_ways(fuzz.case.message, fuzz.case.version, frame, at)
        if found is not None and at <= len(frame):
            again = walk.write(found, fuzz.case.version)
            parts: list[bytes] = []
            compiled.writer(fuzz.case.message, fuzz.case.version)(found, parts.append)
            assert b"".join(parts) == again
            assert walk.read(fuzz.case.message, fuzz.case.version, again) == found, fuzz
            agreed += 1
    assert min(accepted, refused, agreed) > INPUTS // 10


def taken(frame: bytes) -> bytes | None:
    frames = Frames()
    frames.receive(frame)
    try:
        return frames.take()
    except KafkaError:
        return None


@pytest.mark.fuzz
def test_spoilt_records_are_refused_with_a_name_or_stamped_and_read() -> None:
    chance = random.Random(52)
    record = Record(b"value", b"key", (("name", b"x"), ("none", None)), 1_764_000_000_000)
    fields = [encode_batch([record] * count) for count in (1, 3)]
    fields.append(fields[0] + fields[1])
    stamped = read = 0
    for _ in range(INPUTS):
        data = spoilt(chance.choice(fields), chance)
        if chance.random() < 0.6:  # a checksum that is right, so that what is inside is read
            data = data[:17] + struct.pack(">I", google_crc32c.value(data[21:])) + data[21:]
        with contextlib.suppress(KafkaError):
            read += bool(decode_records(data, chance.randint(0, 3)))
        try:
            batches = produced_batches(data)
        except KafkaError:
            continue
        stamped += stamp(data, batches, 1 << 40).next_offset > 1 << 40
    assert min(stamped, read) > INPUTS // 10
