"""Messages read on from record to record are those that a fresh look finds."""

from hypothesis import given
from hypothesis import strategies as st

from patterns.wire.framing import Request, Response, encode, encode_chunk, encode_frame
from patterns.wire.tap import FRAMES, HTTP, LINES, WEBSOCKET, Direction, Kind, Record, Traffic

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
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
CONNECT = b"CONNECT b:1 HTTP/1.1\r\nHost: b\r\n\r\n"

pieces = {
    UP: [
        GET,
        HEAD,
        POST,
        UPGRADE,
        HELLO_UP,
        encode_frame(b"ask"),
        b"line\n",
        b"CONNECT b:1 HTTP/1.1\r\nHost: b\r\n\r\n",
    ],
    DOWN: [
        OK,
        CHUNKED,
        SWITCH,
        HELLO_DOWN,
        EVENTS + encode_chunk(b"data: 1\n\n"),
        encode_chunk(b"data: 2\n\n"),
        b"0\r\n\r\n",
        encode_frame(b"answer"),
        b"HTTP/1.0 200 OK\r\n\r\nto the end",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
}


@st.composite
def conversations(draw):
    """Records of up to three connections, in pieces of any size, some broken off."""
    queues = []
    for connection in range(1, draw(st.integers(1, 3)) + 1):
        queue, ended = [], set()
        for _ in range(draw(st.integers(0, 6))):
            way = draw(st.sampled_from(Direction))
            if way in ended:
                continue
            data = draw(st.sampled_from(pieces[way]) | st.binary(max_size=12))
            size = draw(st.sampled_from([1, 4, 11, 1000]))
            queue += [(connection, way, Kind.DATA, data[at : at + size]) for at in range(0, len(data), size)]
            if draw(st.integers(0, 9)) == 0:
                queue.append((connection, way, Kind.EOF, b""))
                ended.add(way)
        queue += draw(st.sampled_from([[], [(connection, UP, Kind.CUT, b""), (connection, UP, Kind.CLOSE, b"")]]))
        queues.append(queue)
    records = []
    while waiting := [queue for queue in queues if queue]:
        records.append(draw(st.sampled_from(waiting)).pop(0))
    return records


@given(
    conversations(),
    st.sampled_from([HTTP, FRAMES, LINES, WEBSOCKET]),
    st.sampled_from([1 << 20, 1 << 20, 2500]),
    st.randoms(use_true_random=False),
)
def test_asked_at_any_moments_the_messages_are_those_of_a_fresh_look_and_no_byte_is_lost(
    records, framing, limit_bytes, chance
):
    asked = Traffic(limit_bytes=limit_bytes, framing=framing)
    for number, (connection, way, kind, data) in enumerate(records):
        asked.append(Record(float(number), connection, way, kind, data, number - 0.5))
        if chance.random() < 0.5:
            asked.messages()
    fresh = Traffic(limit_bytes=limit_bytes, framing=framing)
    for number, (connection, way, kind, data) in enumerate(records):
        fresh.append(Record(float(number), connection, way, kind, data, number - 0.5))
    seen = asked.messages()
    assert seen == fresh.messages() == asked.messages()
    for connection in asked.connections:
        for way in Direction:
            told = [one for one in seen if (one.connection, one.direction) == (connection, way)]
            assert b"".join(one.data for one in told) == asked.stream(connection, way)
            assert all((one.message is None) is (one.error is not None) for one in told)
