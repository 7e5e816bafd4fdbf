"""What the tests of framing share: what a parser says of a stream in pieces, and streams that are nearly right."""

from __future__ import annotations

import ast
import random
import re
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest

from patterns.wire import framing
from patterns.wire.framing import (
    Data,
    Event,
    FramingError,
    Head,
    Parser,
    RequestParser,
    Response,
    ResponseParser,
    State,
)


class Outcome(NamedTuple):
    """All that a parser said of a stream, without regard to how its body came in pieces."""

    events: list[Event]
    error: str | None
    state: State


def outcome(parser: Parser, pieces: Sequence[bytes]) -> Outcome:
    events: list[Event] = []
    error = None
    try:
        for piece in pieces:
            events += parser.feed(piece)
        events += parser.feed_eof()
    except FramingError as found:
        error = f"{type(found).__name__}: {found}"
        assert parser.state is State.FAILED
    return Outcome(joined(events), error, parser.state)


def joined(events: Sequence[Event]) -> list[Event]:
    """The events with neighbouring `Data` made one."""
    whole: list[Event] = []
    for event in events:
        if isinstance(event, Data) and whole and isinstance(before := whole[-1], Data):
            whole[-1] = Data(before.data + event.data, event.at)
        else:
            whole.append(event)
    return whole


def cut(stream: bytes, chance: random.Random) -> list[bytes]:
    """The stream in pieces: whole, byte by byte, or cut at random."""
    match chance.randrange(4):
        case 0:
            return [stream[at : at + 1] for at in range(len(stream))]
        case 1:
            at = chance.randint(0, len(stream))
            return [stream[:at], stream[at:]]
        case _:
            cuts = sorted(chance.randint(0, len(stream)) for _ in range(chance.randint(1, 8)))
            return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def rows(transcript: str) -> list[tuple[bytes, str]]:
    """Bytes as they are written in a bytes literal, and on the next line what is said of them."""
    lines = transcript.strip("\n").split("\n")
    streams = [ast.literal_eval("b'" + written.replace("'", "\\'") + "'") for written in lines[::2]]
    return list(zip(streams, map(str.strip, lines[1::2]), strict=True))


def said_of(parser: Parser, pieces: Sequence[bytes]) -> str:
    """The error that the pieces end in; one that came behind events is raised by the next call."""
    with pytest.raises(FramingError) as caught:  # noqa: PT012 - which piece raises is left open
        for piece in [*pieces, b""]:
            parser.feed(piece)
    return f"{type(caught.value).__name__} {caught.value.status}: {caught.value}"


def one_by_one(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /notes?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n6;e=1\r\n world\r\n0\r\nT: 1\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"\r\nHEAD * HTTP/1.1\r\nhOST:a \r\nAccept:\r\nX: \xe9\t1\r\n\r\n",
]
RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Nicht da\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.0 200 \r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 70\r\n\r\n",
]
SPICES = [
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b" ",
        b"\t",
        b"\0",
        b":",
        b";",
        b",",
        b"\x7f",
        b"\x85",
        b"0",
        b"00",
        b"f",
        b"-1",
        b"+1",
    ),
    *(b"0x5", b"1_0", b"9" * 25, b"chunked", b"Content-Length: 5\r\n", b"Content-Length: 6\r\n"),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding:\r\n",
        b"HTTP/1.1",
        b"HTTP/2.0",
    ),
    *(b"Host: b\r\n", b"HTTP/1.1", b"HTTP/2.0", b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"x" * 70),
]


class Fuzzed(NamedTuple):
    stream: bytes
    pieces: list[bytes]
    is_request: bool
    methods: list[str]
    """What the responses answer."""

    def parser(self, answered: int = 0) -> Parser:
        """One that knows what was asked; the first `answered` of the questions have their answers already."""
        if self.is_request:
            return RequestParser()
        parser = ResponseParser()
        for method in self.methods[answered:]:
            parser.expect(method)
        return parser


def fuzzed(seed: int) -> Iterator[Fuzzed]:
    """Streams without end: good messages in a row, spoilt in up to four places, in pieces."""
    chance = random.Random(seed)
    while True:
        is_request = chance.random() < 0.6
        corpus = REQUESTS if is_request else RESPONSES
        stream = bytearray().join(chance.choices(corpus, k=chance.randint(1, 3)))
        for _ in range(chance.choice([0, 1, 1, 1, 2, 4])):
            at = chance.randint(0, len(stream))
            match chance.randrange(4):
                case 0:
                    stream[at:at] = chance.choice(SPICES)
                case 1:
                    del stream[at : at + chance.choice([1, 1, 2, 9])]
                case 2:
                    stream[at : at + 1] = bytes([chance.randrange(256)])
                case 3:  # at a line's start, where headers are smuggled in
                    at = stream.find(b"\n", at) + 1
                    stream[at:at] = chance.choice(SPICES)
        methods = chance.choices(["GET", "HEAD", "CONNECT"], weights=[8, 2, 1], k=4)
        yield Fuzzed(bytes(stream), cut(bytes(stream), chance), is_request, methods)


LINE = re.compile(rb"[^\r\n]*\r\n")
FOLDED = re.compile(rb"\n[ \t]")
WHERE_IT_ENDS = re.compile(rb"\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)


def check_head(head: bytes) -> None:
    """What no head may have that was let through, looked for in another way than the parser does."""
    assert b"".join(LINE.findall(head)) == head, f"a bare CR or LF: {head!r}"
    assert not FOLDED.search(head), f"a folded line: {head!r}"
    assert len(WHERE_IT_ENDS.findall(head)) < 2, f"two ways to find the end: {head!r}"
    assert b"\0" not in head, f"a NUL: {head!r}"


def check(case: Fuzzed) -> Outcome:
    """What must be true of every stream. Returns what the parser said of it, fed whole."""
    whole = outcome(case.parser(), [case.stream])
    assert outcome(case.parser(), case.pieces) == whole, case
    assert whole.state in {State.CLOSED, State.FAILED}, case
    at = answered = 0
    for event in whole.events:
        assert at <= event.at <= len(case.stream), case
        at = event.at
        if isinstance(event, Head):
            check_head(case.stream[event.start : event.at])
            alone = case.parser(answered).feed(case.stream[event.start : event.at])
            assert alone[0] == Head(event.message, event.at - event.start), case
            answered += isinstance(event.message, Response) and event.message.status >= 200
    return whole


MAX_FRAME = 300


class FuzzedFrames(NamedTuple):
    stream: bytes
    pieces: list[bytes]


def fuzzed_frames(seed: int) -> Iterator[FuzzedFrames]:
    """Frames in a row without end, up to the limit and now and then over it, some spoilt, in pieces."""
    chance = random.Random(seed)
    while True:
        lengths = chance.choices([0, 1, 2, 5, 40, *range(MAX_FRAME - 1, MAX_FRAME + 2)], [4] * 5 + [1] * 3, k=3)
        stream = bytearray().join(framing.encode_frame(chance.randbytes(length)) for length in lengths)
        match chance.randrange(4):
            case 0:
                at = chance.randint(0, len(stream))
                del stream[at : at + chance.choice([1, 4, 9])]
            case 1:
                at = chance.randint(0, len(stream))
                stream[at : at + 1] = chance.randbytes(chance.randrange(3))
        yield FuzzedFrames(bytes(stream), cut(bytes(stream), chance))


def check_frames(case: FuzzedFrames) -> str | None:
    """Any pieces give what a plain loop over the whole stream finds. Returns the error's name, if there was one."""
    expected = frames_by_struct(case.stream)
    assert frames_by_parser([case.stream]) == expected, case
    assert frames_by_parser(case.pieces) == expected, case
    whole = b"".join(map(framing.encode_frame, expected[0]))
    assert case.stream.startswith(whole), case
    return expected[1]


def frames_by_struct(stream: bytes) -> tuple[list[bytes], str | None]:
    """The oracle: lengths read with `struct` from a stream that has come whole."""
    found: list[bytes] = []
    at = 0
    while at < len(stream):
        if at + 4 > len(stream):
            return found, "Truncated"
        (length,) = struct.unpack_from(">I", stream, at)
        if length > MAX_FRAME:
            return found, "BodyTooLarge"
        if at + 4 + length > len(stream):
            return found, "Truncated"
        found.append(stream[at + 4 : at + 4 + length])
        at += 4 + length
    return found, None


def frames_by_parser(pieces: Sequence[bytes]) -> tuple[list[bytes], str | None]:
    parser = framing.FrameParser(MAX_FRAME)
    found: list[bytes] = []
    try:
        for piece in pieces:
            found += parser.feed(piece)
        parser.feed_eof()
    except FramingError as error:
        return found, type(error).__name__
    return found, None
