import asyncio
import re

import pytest

from patterns.request_response import ask, connect, serve, serve_aiohttp
from patterns.wire.framing import LAST_CHUNK, Limits, Request, Response, encode
from patterns.wire.listen import Address

GET = b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"


async def echo(request: Request) -> Response:
    return Response(200, body=f"{request.method} {request.target} ".encode() + request.body)


def answering(response: Response):
    async def handler(request: Request) -> Response:
        return response

    return handler


async def said(address: Address, *pieces: bytes | float) -> tuple[bytes, float]:
    """What the server says to these bytes (a number is a pause in s), and when it hangs up, in s."""
    reader, writer = await asyncio.open_connection(*address)
    started = asyncio.get_running_loop().time()
    for piece in pieces:
        if isinstance(piece, bytes):
            writer.write(piece)
        else:
            await asyncio.sleep(piece)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer, asyncio.get_running_loop().time() - started


def statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1.1 ([0-9]{3})", answer)]


async def test_a_request_begun_behind_a_whole_one_is_told_408():
    async with await serve(echo, request_timeout_s=10, idle_timeout_s=75) as server:
        answer, time_s = await said(server.address, GET + b"GET /2")
    assert (statuses(answer), time_s) == ([200, 408], 10)


async def test_the_time_of_a_request_counts_from_its_first_byte():
    async with await serve(echo, request_timeout_s=10) as server:
        answer, time_s = await said(server.address, 50.0, b"G", 6.0, b"E", 3.0, b"T")
    assert (statuses(answer), time_s) == ([408], 60)


async def test_an_empty_line_does_not_begin_a_request():
    async with await serve(echo, request_timeout_s=10, idle_timeout_s=75) as server:
        assert await said(server.address, 20.0, b"\r\n") == (b"", 75)
        answer, time_s = await said(server.address, b"\r\n", 20.0, GET)
    assert (statuses(answer), time_s) == ([200], 95)


async def test_a_slow_handler_takes_no_time_from_the_request_behind():
    async def slow(request: Request) -> Response:
        await asyncio.sleep(60)
        return Response(200)

    async with await serve(slow, request_timeout_s=10) as server:
        answer, time_s = await said(server.address, GET + b"GET /2", 65.0, GET[6:])
    assert (statuses(answer), time_s) == ([200, 200], 65 + 60 + 75)


@pytest.mark.parametrize("start", [serve, serve_aiohttp], ids=["raw streams", "aiohttp"])
@pytest.mark.parametrize(
    "unsendable",
    [
        Response(204, body=b"x"),
        Response(200, headers=(("X", "a\r\nSet-Cookie: b"),)),
        Response(200, headers=(("Content-Length", "3"),), body=b"four"),
        Response(200, headers=(("Content-Length", "3"),)),
        Response(100),
        Response(99),
        None,
    ],
    ids=lambda response: "no response" if response is None else None,
)
async def test_a_response_that_cannot_be_sent_is_a_reported_500(unsendable, start, expected_failures):
    async with await start(answering(unsendable)) as server, connect(server.address) as connection:
        for _ in range(2):  # the connection goes on
            assert (await connection.ask(Request("GET", "/"))).status == 500
    assert len(expected_failures.take()) == 2


async def test_head_is_cut_at_the_end_of_the_head_though_the_handler_sends_chunks():
    chunked = Response(200, headers=(("Transfer-Encoding", "chunked"),), body=b"not for HEAD")
    async with await serve(answering(chunked)) as server, connect(server.address) as connection:
        head = await connection.ask(Request("HEAD", "/"))
        assert (head.body, head.header("Transfer-Encoding")) == (b"", "chunked")
        assert (await connection.ask(Request("GET", "/"))).body == b"not for HEAD"


async def test_a_handler_may_end_the_connection_and_nothing_behind_is_handled():
    handled = []

    async def last(request: Request) -> Response:
        handled.append(request.target)
        return Response(200, headers=(("connection", "close"),), body=b"bye")

    async with await serve(last) as server:
        answer, time_s = await said(server.address, GET + GET)
    assert answer == b"HTTP/1.1 200 OK\r\nconnection: close\r\nContent-Length: 3\r\n\r\nbye"
    assert (handled, time_s) == (["/1"], 0)


EXPECTS = b"POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-Continue\r\n"


@pytest.mark.parametrize(
    ("length", "body"),
    [(b"Content-Length: 4\r\n\r\n", b"body"), (b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nbody\r\n" + LAST_CHUNK)],
    ids=["length", "chunked"],
)
async def test_a_client_that_expects_to_be_asked_for_the_body_is_asked_once(length, body):
    async with await serve(echo) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(EXPECTS + length)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        for byte in body:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.1)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    assert statuses(answer) == [200]
    assert answer.endswith(b"\r\n\r\nPOST / body")


async def test_a_client_whose_body_has_come_is_not_asked_for_it():
    async with await serve(echo) as server:
        answer, _ = await said(server.address, EXPECTS + b"Content-Length: 4\r\n\r\nbody")
        old, _ = await said(
            server.address, EXPECTS.replace(b"1.1", b"1.0") + b"Content-Length: 4\r\n\r\n", 1.0, b"body"
        )
    assert (statuses(answer), statuses(old)) == ([200], [200])


@pytest.mark.parametrize("start", [serve, serve_aiohttp], ids=["raw streams", "aiohttp"])
@pytest.mark.parametrize("expects", ["later", "100-continue, later", "200-ok"])
async def test_an_expectation_that_nobody_knows_is_417_before_the_body(expects, start):
    async with await start(echo) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(f"POST / HTTP/1.1\r\nHost: h\r\nExpect: {expects}\r\nContent-Length: 4\r\n\r\n".encode())
        assert await reader.readline() == b"HTTP/1.1 417 Expectation Failed\r\n"
        writer.close()


async def test_an_unknown_expectation_says_what_is_known_and_spares_the_requests_before():
    async with await serve(echo) as server:
        answer, _ = await said(server.address, GET + b"GET / HTTP/1.1\r\nHost: h\r\nExpect: later\r\n\r\n" + GET)
        old, _ = await said(server.address, b"GET / HTTP/1.0\r\nExpect: later\r\n\r\n")
    assert statuses(answer) == [200, 417]
    assert answer.endswith(b"\r\n\r\nexpected Expect: 100-continue, or no Expect, got 'later'; leave it out\n")
    assert statuses(old) == [200]  # HTTP/1.0 has no Expect (RFC 9110 §10.1.1)


async def test_the_invitation_waits_for_the_answers_before_it():
    async with await serve(echo) as server:
        answer, _ = await said(server.address, GET + EXPECTS + b"Content-Length: 4\r\n\r\n", 1.0, b"body")
    assert statuses(answer) == [200, 100, 200]


async def test_a_body_over_the_limit_is_refused_in_place_of_the_invitation():
    async with await serve(echo, limits=Limits(body_bytes=3)) as server:
        answer, _ = await said(server.address, EXPECTS + b"Content-Length: 4\r\n\r\n")
    assert statuses(answer) == [413]


async def test_a_client_that_reads_slowly_gets_its_whole_response():
    size = 20_000_000

    async with await serve(answering(Response(200, body=bytes(size))), write_timeout_s=30) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(encode(Request("GET", "/", (("Host", "h"), ("Connection", "close")))))
        await reader.readuntil(b"\r\n\r\n")
        came = 0
        while data := await reader.read(1_000_000):
            came += len(data)
            await asyncio.sleep(1)
        assert came == size
        assert asyncio.get_running_loop().time() > 60
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("limits", "request_"),
    [
        (Limits(start_line_bytes=100), Request("GET", "/" + "x" * 200)),
        (Limits(headers_bytes=200), Request("GET", "/", (("X", "x" * 400),))),
        (Limits(header_count=10), Request("GET", "/", tuple((f"X{n}", "x") for n in range(20)))),
        (Limits(body_bytes=100), Request("POST", "/", body=bytes(200))),
    ],
    ids=["start line", "header", "header count", "body"],
)
async def test_aiohttp_keeps_to_the_limits_as_far_as_it_can(limits, request_):
    async with await serve_aiohttp(echo, limits=limits) as server:
        assert (await ask(server.address, request_)).status in {400, 413}


async def test_aiohttp_frames_by_itself_what_a_handler_would_send_in_chunks():
    chunked = Response(200, headers=(("Transfer-Encoding", "chunked"),), body=b"hello")
    async with await serve_aiohttp(answering(chunked)) as server, connect(server.address) as connection:
        assert (await connection.ask(Request("GET", "/"))).body == b"hello"
        assert (await connection.ask(Request("HEAD", "/"))).body == b""
        assert (await connection.ask(Request("GET", "/"))).body == b"hello"
