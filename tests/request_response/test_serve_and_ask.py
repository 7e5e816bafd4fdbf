import asyncio
import re

import aiohttp
import pytest

from patterns.request_response import Connection, Disconnected, ask, connect, serve, serve_aiohttp
from patterns.wire.framing import Limits, Request, Response, encode
from patterns.wire.listen import Address, listen

BOTH = pytest.mark.parametrize("start", [serve, serve_aiohttp], ids=["raw streams", "aiohttp"])


async def echo(request: Request) -> Response:
    body = f"{request.method} {request.target} ".encode() + request.body
    return Response(200, headers=(("Content-Type", "text/plain"),), body=body)


async def raw(address: Address, data: bytes, *, pieces: int | None = None) -> bytes:
    """Send `data`, in pieces of that many bytes if given, half-close, and read until the server hangs up."""
    reader, writer = await asyncio.open_connection(*address)
    for start in range(0, len(data), pieces or len(data)):
        writer.write(data[start : start + (pieces or len(data))])
        await asyncio.sleep(0.001)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@BOTH
async def test_a_request_is_answered(start):
    async with await start(echo) as server:
        response = await ask(server.address, Request("POST", "/a?b=c", body=b"hello"))
    assert (response.status, response.body) == (200, b"POST /a?b=c hello")


@BOTH
async def test_an_unknown_client_gets_the_same_answer(start):
    async with (
        await start(echo) as server,
        aiohttp.ClientSession() as session,
        session.put(f"{server.address.url}/x", data=b"y") as response,
    ):
        assert (response.status, await response.read()) == (200, b"PUT /x y")


@BOTH
async def test_many_requests_in_one_packet_are_answered_in_order(start):
    async with await start(echo) as server, connect(server.address) as connection:
        responses = await connection.ask_all([Request("GET", f"/{n}") for n in range(40)])
    assert [response.body for response in responses] == [f"GET /{n} ".encode() for n in range(40)]


@BOTH
async def test_a_request_may_come_a_byte_at_a_time(start):
    async with await start(echo) as server:
        request = Request("POST", "/x", (("Host", "h"), ("Connection", "close")), b"in pieces")
        answer = await raw(server.address, encode(request), pieces=1)
    assert answer.endswith(b"\r\n\r\nPOST /x in pieces")


@BOTH
async def test_head_is_answered_without_the_body_but_with_its_length(start):
    async with await start(echo) as server, connect(server.address) as connection:
        head = await connection.ask(Request("HEAD", "/x"))
        after = await connection.ask(Request("GET", "/y"))
    assert (head.body, head.header("Content-Length")) == (b"", str(len("HEAD /x ")))
    assert after.body == b"GET /y "


async def test_the_bytes_of_an_exchange_are_these():
    async with await serve(echo) as server:
        answer = await raw(server.address, b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    assert answer == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 6\r\n\r\nGET / "
    )


async def test_a_malformed_request_is_told_why_and_the_connection_ends():
    async with await serve(echo) as server:
        answer = await raw(server.address, b"GET /\r\nHost: h\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"expected" in answer
    assert b"Connection: close" in answer


async def test_what_was_asked_before_a_malformed_request_is_still_answered():
    good = encode(Request("GET", "/good", (("Host", "h"),)))
    async with await serve(echo) as server:
        answer = await raw(server.address, good + b"nonsense\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 [0-9]+", answer) == [b"HTTP/1.1 200", b"HTTP/1.1 400"]


async def test_a_head_over_the_limit_is_refused_before_its_end():
    async with await serve(echo, limits=Limits(headers_bytes=1000)) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: %s\r\n" % (b"x" * 2000))
        assert await reader.readline() == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
        writer.close()


async def test_a_slow_request_is_told_408_after_its_time():
    loop = asyncio.get_running_loop()
    async with await serve(echo, request_timeout_s=10) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        start = loop.time()
        writer.write(b"GET / HT")
        assert await reader.readline() == b"HTTP/1.1 408 Request Timeout\r\n"
        assert loop.time() - start == 10
        writer.close()


async def test_a_silent_connection_is_closed_without_a_word():
    loop = asyncio.get_running_loop()
    async with await serve(echo, idle_timeout_s=75) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        start = loop.time()
        assert await reader.read() == b""
        assert loop.time() - start == 75
        writer.close()


async def test_a_client_that_hangs_up_in_its_request_gets_no_answer():
    async with await serve(echo) as server:
        assert await raw(server.address, b"GET / HTTP/1.1\r\nHo") == b""


async def test_a_client_that_does_not_read_is_hung_up_on():
    async def much(request: Request) -> Response:
        return Response(200, body=bytes(20_000_000))

    async with await serve(much, write_timeout_s=30) as server:
        _, writer = await asyncio.open_connection(*server.address, limit=1024)
        writer.write(encode(Request("GET", "/", (("Host", "h"),))))
        await asyncio.sleep(29)
        assert server.connections == 1
        await asyncio.sleep(2)
        assert server.connections == 0
        writer.transport.abort()


async def test_a_failing_handler_is_500_and_its_error_is_reported(expected_failures):
    async def fails(request: Request) -> Response:
        raise RuntimeError("on purpose")

    async with await serve(fails) as server:
        response = await ask(server.address, Request("GET", "/x"))
    assert (response.status, response.body) == (
        500,
        b"the handler failed; the server's own log has the reason\n",
    )
    assert [repr(error) for error in expected_failures.take()] == ["RuntimeError('on purpose')"]


async def test_the_client_says_how_much_had_come_when_the_connection_ended():
    async def stops_early(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

    async with await listen(stops_early) as server:
        with pytest.raises(Disconnected, match=r"its head and 9 bytes of its body") as caught:
            await ask(server.address, Request("GET", "/"))
    assert caught.value.received == b"only this"
    assert caught.value.head.status == 200


async def test_a_server_that_says_nothing_runs_into_the_clients_time_out():
    async def silent(reader, writer):
        await reader.read()

    async with await listen(silent) as server:
        with pytest.raises(TimeoutError):
            await ask(server.address, Request("GET", "/"), timeout_s=3)
        assert asyncio.get_running_loop().time() == 3


async def test_an_interim_response_is_passed_over():
    async def continues(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with await listen(continues) as server:
        response = await ask(server.address, Request("GET", "/"))
    assert (response.status, response.body) == (200, b"ok")


@BOTH
async def test_another_address_than_loopback_has_to_be_asked_for(start):
    with pytest.raises(ValueError, match="open_to_the_network=True"):
        await start(echo, "0.0.0.0")


async def test_a_connection_is_an_object_of_its_own():
    async with await serve(echo) as server, connect(server.address) as connection:
        assert isinstance(connection, Connection)
        assert connection.address == server.address


@BOTH
@pytest.mark.parametrize("steps", range(8))
async def test_a_start_cancelled_at_any_moment_leaves_nothing(start, steps):
    starting = asyncio.create_task(start(echo))
    for _ in range(steps):
        await asyncio.sleep(0)
    starting.cancel()
    (result,) = await asyncio.gather(starting, return_exceptions=True)
    if not isinstance(result, asyncio.CancelledError):
        await result.stop()
