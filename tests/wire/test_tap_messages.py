import asyncio
import random

import pytest
from aiohttp import ClientSession, web

from patterns.wire.framing import Request, Response, encode, encode_frame
from patterns.wire.listen import Address, listen
from patterns.wire.tap import Direction, Kind, Record, Traffic, tap

UP, DOWN = Direction.TO_SERVER, Direction.TO_CLIENT
D = 0.0625  # a sum of powers of two, so that times add up exactly
GET = encode(Request("GET", "/", (("Host", "a"),)))
HEAD = encode(Request("HEAD", "/", (("Host", "a"),)))
POST = encode(Request("POST", "/p", (("Host", "a"),), b"hello"))
OK = encode(Response(200, body=b"fine"))
CHUNKED = encode(Response(200, body=b"in chunks"), chunked=True)


def traffic(*records, connection=1):
    """Of (time, direction, bytes or kind); each record set out a second before it was handed on."""
    made = Traffic()
    for time_s, way, what in records:
        kind, data = (what, b"") if isinstance(what, Kind) else (Kind.DATA, what)
        made.append(Record(time_s, connection, way, kind, data, time_s - 1))
    return made


def brief(traffic):
    """Each as (direction, sent, arrived, method or status, error, data)."""
    return [
        (
            seen.direction,
            seen.sent_s,
            seen.arrived_s,
            seen.message and getattr(seen.message.what, "method", getattr(seen.message.what, "status", None)),
            seen.error,
            seen.data,
        )
        for seen in traffic.messages()
    ]


def test_a_message_has_the_times_of_its_first_and_last_byte():
    half = len(POST) // 2
    assert brief(traffic((1, UP, POST[:half]), (5, UP, POST[half:]), (6, DOWN, OK))) == [
        (UP, 0, 5, "POST", None, POST),
        (DOWN, 5, 6, 200, None, OK),
    ]


def test_pipelined_messages_come_apart_and_keep_the_order_of_arrival():
    both = traffic((1, UP, GET + POST + GET), (2, DOWN, OK + CHUNKED[:9]), (3, DOWN, CHUNKED[9:] + OK))
    assert brief(both) == [
        (UP, 0, 1, "GET", None, GET),
        (UP, 0, 1, "POST", None, POST),
        (UP, 0, 1, "GET", None, GET),
        (DOWN, 1, 2, 200, None, OK),
        (DOWN, 1, 3, 200, None, CHUNKED),
        (DOWN, 2, 3, 200, None, OK),
    ]
    first, second, third = (seen.message for seen in both.messages()[:3])
    assert (first.start, first.end, second.start) == (0, len(GET), len(GET))
    assert second.what.body == b"hello"
    assert third.end == len(GET + POST + GET)


@pytest.mark.parametrize("seed", range(20))
def test_messages_do_not_depend_on_the_pieces(seed):
    chance = random.Random(seed)

    def pieces(way, stream):
        while stream:
            size = chance.choice([1, 2, 3, 50, 1000])
            yield (chance.random(), way, stream[:size])
            stream = stream[size:]

    asked, answered = GET + HEAD + POST, OK + b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + CHUNKED
    cut = traffic(*pieces(UP, asked), *pieces(DOWN, answered))
    whole = traffic((1, UP, asked), (2, DOWN, answered))
    assert [(seen.direction, seen.message) for seen in cut.messages()] == [
        (seen.direction, seen.message) for seen in whole.messages()
    ]
    assert len(whole.messages()) == 6


def test_the_answer_to_head_has_no_body_also_before_the_request_is_whole():
    empty = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    assert brief(traffic((1, UP, HEAD + GET), (2, DOWN, empty + OK)))[2:] == [
        (DOWN, 1, 2, 200, None, empty),
        (DOWN, 1, 2, 200, None, OK),
    ]
    early = brief(traffic((1, UP, HEAD[:-2]), (2, DOWN, empty)))
    assert early[1] == (DOWN, 1, 2, 200, None, empty)


def test_an_interim_response_does_not_use_up_the_request():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert [what[3] for what in brief(traffic((1, UP, POST), (2, DOWN, interim + OK)))] == ["POST", 100, 200]


def test_what_is_not_whole_is_shown_as_incomplete_piece_by_piece():
    to_come = "incomplete: the rest of its body of known length is to come"
    assert brief(traffic((1, UP, GET + POST[:-3]), (2, UP, POST[-3:-1]))) == [
        (UP, 0, 1, "GET", None, GET),
        (UP, 0, 1, None, to_come, POST[:-3]),
        (UP, 1, 2, None, to_come, POST[-3:-1]),
    ]


def test_what_never_will_be_whole_says_why():
    broken = traffic((1, UP, GET), (2, DOWN, OK[:-1]), (3, DOWN, Kind.RESET), (3, DOWN, Kind.CLOSE))
    assert brief(broken)[1][4] == "incomplete: the connection broke in its body of known length"
    ended = traffic((1, UP, GET), (2, DOWN, OK[:-1]), (3, DOWN, Kind.EOF))
    assert brief(ended)[1][4] == (
        "incomplete: expected the rest of the message, got the end of the stream in its body of known length, "
        "1 bytes short; treat what came as incomplete"
    )


def test_a_body_until_close_is_whole_when_the_server_hangs_up():
    old = b"HTTP/1.0 200 OK\r\n\r\nto the end"
    asked = ((1, UP, GET), (2, DOWN, old))
    assert brief(traffic(*asked))[1][3:5] == (None, "incomplete: the rest of its body until close is to come")
    assert brief(traffic(*asked, (9, DOWN, Kind.EOF)))[1] == (DOWN, 1, 2, 200, None, old)


def test_what_is_not_http_comes_as_it_was_on_the_wire():
    frames = encode_frame(b"question"), encode_frame(b"answer\n")
    seen = brief(traffic((1, UP, frames[0]), (2, DOWN, frames[1]), (3, DOWN, b"SSH-2.0-x\r\n")))
    assert [what[5] for what in seen] == [*frames, b"SSH-2.0-x\r\n"]
    assert all(what[3] is None for what in seen)
    assert seen[1][4].startswith("not HTTP/1.1: expected ")


def test_an_error_behind_a_whole_message_spoils_only_what_follows():
    seen = brief(traffic((1, UP, GET + b"nonsense\r\n\r\n")))
    assert seen[0] == (UP, 0, 1, "GET", None, GET)
    assert seen[1][3] is None
    assert seen[1][4].startswith('not HTTP/1.1: expected "method target HTTP/1.1"')
    assert seen[1][5] == b"nonsense\r\n\r\n"


@pytest.mark.parametrize("body", [b"", b"\x81\x05hello", GET])
def test_after_a_switch_to_what_nobody_here_reads_nothing_is_read_as_http(body):
    up = encode(Request("GET", "/chat", (("Host", "a"), ("Upgrade", "h2c"), ("Connection", "Upgrade"))))
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
    frame = b"\x81\x02hi"
    seen = brief(traffic((1, UP, GET + up), (2, DOWN, OK + switch + frame), (3, UP, body or frame)))
    assert [what[3] for what in seen] == ["GET", "GET", 200, 101, None, None]
    assert [what[4:] for what in seen[4:]] == [
        ("switched to h2c", frame),
        ("switched to h2c", body or frame),
    ]


def test_after_connect_there_is_a_tunnel():
    connect = b"CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n"
    seen = brief(traffic((1, UP, connect), (2, DOWN, b"HTTP/1.1 200 OK\r\n\r\n"), (3, UP, b"\x16\x03\x01")))
    assert seen[0][3] == "CONNECT"
    assert seen[-1] == (UP, 2, 3, None, "switched to a tunnel", b"\x16\x03\x01")


def test_without_its_beginning_a_stream_is_not_guessed_at():
    short = Traffic(limit_bytes=600)
    for n in range(4):
        short.append(Record(n, 1, UP, Kind.DATA, POST, n))
    assert {what[4] for what in brief(short)} == {"incomplete: the beginning of the stream was dropped"}
    assert b"".join(what[5] for what in brief(short)) == POST * len(short)


def test_an_empty_traffic_has_no_messages():
    assert Traffic().messages() == traffic((1, UP, Kind.OPEN), (2, UP, Kind.CLOSE)).messages() == []


def test_messages_of_many_connections_come_in_the_order_of_arrival():
    mixed = Traffic()
    for n in range(1, 4):
        mixed.append(Record(n, n, UP, Kind.DATA, POST[:9], n))
    for n in range(1, 4):
        mixed.append(Record(10 - n, 4 - n, UP, Kind.DATA, POST[9:], n))
    assert [seen.connection for seen in mixed.messages()] == [3, 2, 1]


async def test_a_request_in_forty_pieces_through_the_tap_is_one_message():
    async def answer(reader, writer):
        await reader.readuntil(b"hello")
        writer.write(OK)

    async with await listen(answer) as server, await tap(server.address, delay_s=D) as path:
        reader, writer = await asyncio.open_connection(*path.address)
        await asyncio.sleep(1)
        for byte in POST:
            writer.write(bytes([byte]))
            await asyncio.sleep(D)
        assert await reader.readexactly(len(OK)) == OK
        writer.close()
    last_s = 1 + (len(POST) - 1) * D
    assert brief(path.traffic) == [
        (UP, 1, last_s + D, "POST", None, POST),
        (DOWN, last_s + D, last_s + 2 * D, 200, None, OK),
    ]


async def test_a_real_client_and_a_real_server_see_no_difference_but_time():
    async def hello(request):
        return web.json_response({"path": request.path, "got": await request.text()})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", hello)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with await tap(Address(*runner.addresses[0]), delay_s=D) as path, ClientSession() as session:
        loop = asyncio.get_running_loop()
        times = [loop.time()]
        for n in range(3):
            async with session.post(f"{path.address.url}/{n}", data=f"text {n}") as response:
                assert await response.json() == {"path": f"/{n}", "got": f"text {n}"}
            times.append(loop.time())
        assert times == [times[0] + passed * D for passed in (0, 4, 6, 8)]
        async with session.head(path.address.url) as response:
            assert response.status == 200
    await runner.cleanup()
    seen = path.traffic.messages()
    assert [getattr(one.message.what, "target", "answer") for one in seen] == [
        "/0", "answer", "/1", "answer", "/2", "answer", "/", "answer"
    ]  # fmt: skip
    assert [one.error for one in seen] == [None] * 8
    assert seen[0].message.what.body == b"text 0"
    assert path.traffic.connections == [1]
