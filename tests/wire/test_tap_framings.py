"""Messages of other framings than HTTP, of two on one connection, and of streams that never end."""

import asyncio

import pytest

from patterns.wire.framing import Request, Response, encode, encode_chunk, encode_frame
from patterns.wire.framing.websocket import Frame, Opcode
from patterns.wire.listen import listen
from patterns.wire.tap import (
    FRAMES,
    HTTP,
    LINES,
    WEBSOCKET,
    Direction,
    Kind,
    Part,
    Record,
    Traffic,
    tap,
)

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly
GET = encode(Request("GET", "/", (("Host", "a"),)))
HEAD = encode(Request("HEAD", "/", (("Host", "a"),)))
POST = encode(Request("POST", "/p", (("Host", "a"),), b"hello"))
OK = encode(Response(200, body=b"fine"))
CHUNKED = encode(Response(200, body=b"in chunks"), chunked=True)
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE = encode(Request("GET", "/ws", (("Host", "a"), ("Upgrade", "websocket"), ("Connection", "Upgrade"))))
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
HELLO_UP = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"  # RFC 6455 §5.7
HELLO_DOWN = b"\x81\x05Hello"


def traffic(*records, framing=HTTP):
    """Of (direction, bytes or kind), a second apart, each half a second under way."""
    made = Traffic(framing=framing)
    for number, (way, what) in enumerate(records, 1):
        kind, data = (what, b"") if isinstance(what, Kind) else (Kind.DATA, what)
        made.append(Record(float(number), 1, way, kind, data, number - 0.5))
    return made


def brief(traffic):
    """Each as (direction, label or error, bytes)."""
    return [(seen.direction, seen.label or seen.error, seen.data) for seen in traffic.messages()]


# Framing, records, what is seen
TOLD = {
    "frames": (
        FRAMES,
        [(UP, encode_frame(b"ask")[:5]), (UP, encode_frame(b"ask")[5:]), (DOWN, encode_frame(b"") * 2)],
        [
            (UP, "frame, 3 bytes", encode_frame(b"ask")),
            (DOWN, "frame, 0 bytes", encode_frame(b"")),
            (DOWN, "frame, 0 bytes", encode_frame(b"")),
        ],
    ),
    "a frame that is not whole": (
        FRAMES,
        [(UP, encode_frame(b"one") + encode_frame(b"two")[:5])],
        [
            (UP, "frame, 3 bytes", encode_frame(b"one")),
            (UP, "incomplete: the rest of its frame is to come", encode_frame(b"two")[:5]),
        ],
    ),
    "no frame": (
        FRAMES,
        [(UP, encode_frame(b"one") + GET), (UP, b"and more")],
        [
            (UP, "frame, 3 bytes", encode_frame(b"one")),
            (
                UP,
                "not length-prefixed frames: expected a frame of at most 1073741824 bytes, got one of 1195725856; "
                "send it in parts",
                GET,
            ),
            (
                UP,
                "not length-prefixed frames: expected a frame of at most 1073741824 bytes, got one of 1195725856; "
                "send it in parts",
                b"and more",
            ),
        ],
    ),
    "a frame that ends too early": (
        FRAMES,
        [(UP, b"\0\0"), (UP, Kind.EOF)],
        [
            (
                UP,
                "incomplete: expected the rest of the frame, got the end of the stream after 2 of its bytes; "
                "treat what came as incomplete",
                b"\0\0",
            )
        ],
    ),
    "lines": (
        LINES,
        [(UP, b"HELO\r\nMA"), (DOWN, b"250 a\n\n"), (UP, b"I"), (UP, b"L\n"), (UP, b"QU"), (UP, Kind.CUT)],
        [
            (UP, "HELO", b"HELO\r\n"),
            (DOWN, "250 a", b"250 a\n"),
            (DOWN, None, b"\n"),
            (UP, "MAIL", b"MAIL\n"),
            (UP, "incomplete: the connection broke in its line", b"QU"),
        ],
    ),
    "a last line without an end": (
        LINES,
        [(UP, b"QU"), (UP, Kind.EOF)],
        [
            (
                UP,
                "incomplete: expected the line feed that ends the line, "
                "got the end of the stream after 2 of its bytes; end the last line too",
                b"QU",
            )
        ],
    ),
    "websocket from the start": (
        WEBSOCKET,
        [(UP, HELLO_UP), (DOWN, HELLO_DOWN[:1]), (DOWN, HELLO_DOWN[1:])],
        [(UP, 'text "Hello"', HELLO_UP), (DOWN, 'text "Hello"', HELLO_DOWN)],
    ),
    "websocket after HTTP": (
        HTTP,
        [(UP, GET + UPGRADE), (DOWN, OK + SWITCH + HELLO_DOWN + b"\xc1"), (UP, HELLO_UP), (DOWN, b"\x03abc")],
        [
            (UP, "GET /", GET),
            (UP, "GET /ws", UPGRADE),
            (DOWN, "200 OK", OK),
            (DOWN, "101 Switching Protocols", SWITCH),
            (DOWN, 'text "Hello"', HELLO_DOWN),
            (UP, 'text "Hello"', HELLO_UP),
            (DOWN, "text, compressed, 3 bytes", b"\xc1\x03abc"),
        ],
    ),
    "a client that does not wait for the 101, with what looks like a request": (
        HTTP,
        [(UP, UPGRADE + GET), (UP, HELLO_UP), (DOWN, SWITCH)],
        [
            (UP, "GET /ws", UPGRADE),
            (UP, "not WebSocket: expected an opcode of 0, 1, 2, 8, 9 or 10, got 7; check where the frame starts", GET),
            (
                UP,
                "not WebSocket: expected an opcode of 0, 1, 2, 8, 9 or 10, got 7; check where the frame starts",
                HELLO_UP,
            ),
            (DOWN, "101 Switching Protocols", SWITCH),
        ],
    ),
    "frames sent before the 101": (
        HTTP,
        [(UP, UPGRADE + HELLO_UP[:4]), (UP, HELLO_UP[4:] + HELLO_UP), (DOWN, SWITCH), (UP, Kind.EOF)],
        [
            (UP, "GET /ws", UPGRADE),
            (UP, 'text "Hello"', HELLO_UP),
            (UP, 'text "Hello"', HELLO_UP),
            (DOWN, "101 Switching Protocols", SWITCH),
        ],
    ),
    "a frame that breaks off": (
        HTTP,
        [(UP, UPGRADE), (DOWN, SWITCH + HELLO_DOWN[:3]), (DOWN, Kind.RESET), (DOWN, Kind.CLOSE)],
        [
            (UP, "GET /ws", UPGRADE),
            (DOWN, "101 Switching Protocols", SWITCH),
            (DOWN, "incomplete: the connection broke in its frame", HELLO_DOWN[:3]),
        ],
    ),
    "an event stream": (
        HTTP,
        [
            (UP, GET),
            (DOWN, EVENTS + encode_chunk(b"data: 1\n\n")),
            (DOWN, encode_chunk(b"event: price\ndata: 2\n\n")[:7]),
            (DOWN, encode_chunk(b"event: price\ndata: 2\n\n")[7:] + encode_chunk(b": still here\n\n")),
            (DOWN, encode_chunk(b"data: 3\n\n")[:5]),
        ],
        [
            (UP, "GET /", GET),
            (DOWN, "200 OK", EVENTS),
            (DOWN, "part: data: 1", encode_chunk(b"data: 1\n\n")),
            (DOWN, "part: event: price", encode_chunk(b"event: price\ndata: 2\n\n")),
            (DOWN, "part: : still here", encode_chunk(b": still here\n\n")),
            (DOWN, "incomplete: the rest of its chunk data is to come", encode_chunk(b"data: 3\n\n")[:5]),
        ],
    ),
    "an event stream that ends, and what follows it": (
        HTTP,
        [(UP, GET + GET), (DOWN, EVENTS + encode_chunk(b"data: 1\n\n") + b"0\r\n\r\n" + OK)],
        [
            (UP, "GET /", GET),
            (UP, "GET /", GET),
            (DOWN, "200 OK", EVENTS),
            (DOWN, "part: data: 1", encode_chunk(b"data: 1\n\n")),
            (DOWN, "end of the event stream", b"0\r\n\r\n"),
            (DOWN, "200 OK", OK),
        ],
    ),
    "an event stream until close": (
        HTTP,
        [
            (UP, GET),
            (DOWN, b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"),
            (DOWN, b"data: 1\n\n"),
            (DOWN, b"data: 2\n\n"),
            (DOWN, Kind.EOF),
        ],
        [
            (UP, "GET /", GET),
            (DOWN, "200 OK", b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"),
            (DOWN, "part: data: 1", b"data: 1\n\n"),
            (DOWN, "part: data: 2", b"data: 2\n\n"),
        ],
    ),
    "the answer to a HEAD for an event stream": (
        HTTP,
        [(UP, HEAD + GET), (DOWN, EVENTS + OK)],
        [(UP, "HEAD /", HEAD), (UP, "GET /", GET), (DOWN, "200 OK", EVENTS), (DOWN, "200 OK", OK)],
    ),
}


@pytest.mark.parametrize(("framing", "records", "seen"), TOLD.values(), ids=TOLD.keys())
def test_messages_are_told_by_the_framing_in_use(framing, records, seen):
    assert [(way, label or None, data) for way, label, data in brief(traffic(*records, framing=framing))] == seen


def test_an_error_in_a_chunk_of_an_event_stream_spoils_only_what_follows():
    bad = traffic((UP, GET), (DOWN, EVENTS + encode_chunk(b"data: 1\n\n") + b"zz\r\n"))
    *whole, last = bad.messages()
    assert [one.label for one in whole] == ["GET /", "200 OK", "part: data: 1"]
    assert last.data == b"zz\r\n"
    assert last.error.startswith("not HTTP/1.1: expected a chunk size in hexadecimal digits, got ")


def test_a_part_carries_its_data_without_the_chunk_around_it():
    seen = traffic((UP, GET), (DOWN, EVENTS + encode_chunk(b"data: 1\n\n") + b"0\r\n\r\n")).messages()
    assert [one.message.what for one in seen[2:]] == [Part(b"data: 1\n\n"), Part(b"")]
    assert seen[1].message.what.header("Content-Type") == "text/event-stream; charset=utf-8"


def test_a_frame_behind_a_switch_has_its_place_in_the_whole_stream():
    seen = traffic((UP, UPGRADE), (DOWN, SWITCH + HELLO_DOWN)).messages()[-1]
    assert (seen.message.start, seen.message.end) == (len(SWITCH), len(SWITCH + HELLO_DOWN))
    assert seen.message.what == Frame(Opcode.TEXT, b"Hello", True, False, False, 0, 7)


async def test_the_tap_takes_the_framing(servers):
    async with await listen(servers.shout) as server, await tap(server.address, framing=LINES) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        writer.write(b"one\ntwo\n")
        assert await reader.readexactly(8) == b"ONE\nTWO\n"
        assert [seen.label for seen in path.traffic.messages()] == ["one", "two", "ONE", "TWO"]
        assert [seen.label for seen in path.traffic.only(1).messages()] == ["one", "two", "ONE", "TWO"]
        writer.close()
