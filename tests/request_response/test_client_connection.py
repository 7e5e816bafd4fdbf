import asyncio

import pytest

from patterns.request_response import Disconnected, ask, connect, serve
from patterns.wire.framing import FramingError, Request, Response
from patterns.wire.listen import listen

OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b"


def says(*answers):
    """A server that answers each head it reads with the next of these byte strings; a number is a pause in s."""

    async def converse(reader, writer):
        for answer in answers:
            if isinstance(answer, bytes):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
            else:
                await asyncio.sleep(answer)
        await reader.read()

    return listen(converse)


async def never_reads(reader, writer):
    writer.transport.pause_reading()
    await asyncio.sleep(3600)


async def test_a_question_that_nobody_reads_ends_with_its_time_out():
    loop = asyncio.get_running_loop()
    async with await listen(never_reads) as server:
        with pytest.raises(TimeoutError):
            await ask(server.address, Request("POST", "/", body=bytes(15_000_000)), timeout_s=0.3)
        assert loop.time() == pytest.approx(0.3)


async def test_an_error_of_its_own_leaves_the_block_though_the_server_does_not_read():
    async def fails_while_asking(address):
        async with connect(address) as connection:
            asking = asyncio.create_task(connection.ask(Request("POST", "/", body=bytes(15_000_000))))
            await asyncio.sleep(1)
            try:
                raise KeyError("on purpose")
            finally:
                asking.cancel()

    async with await listen(never_reads) as server:
        with pytest.raises(KeyError):
            await fails_while_asking(server.address)


async def test_an_answer_before_the_question_was_read_is_enough_to_hang_up():
    async def refuses(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()
        writer.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        await asyncio.sleep(3600)

    async with await listen(refuses) as server:
        response = await ask(server.address, Request("POST", "/", body=bytes(15_000_000)))
        assert (response.status, asyncio.get_running_loop().time()) == (413, 0)


async def test_a_late_answer_is_not_given_to_the_next_question():
    async def slow(request: Request) -> Response:
        await asyncio.sleep(2 if request.target == "/slow" else 0)
        return Response(200, body=request.target.encode())

    async with await serve(slow) as server, connect(server.address) as connection:
        with pytest.raises(TimeoutError):
            await connection.ask(Request("GET", "/slow"), timeout_s=1)
        await asyncio.sleep(2)
        with pytest.raises(ConnectionError, match=r"got one that ended with TimeoutError\(.*connect\(\)"):
            await connection.ask(Request("GET", "/fast"))


async def test_a_cancelled_question_ends_the_connection():
    async with await says(5, OK % (4, b"late")) as server, connect(server.address) as connection:
        asking = asyncio.create_task(connection.ask(Request("GET", "/1")))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking])
        with pytest.raises(ConnectionError, match="CancelledError"):
            await connection.ask(Request("GET", "/2"))


async def test_an_answer_that_nobody_asked_for_is_not_given_to_the_next_question():
    twice = OK % (1, b"1") + OK % (7, b"unasked")
    async with await says(twice, OK % (1, b"2")) as server, connect(server.address) as connection:
        assert (await connection.ask(Request("GET", "/1"))).body == b"1"
        with pytest.raises(ConnectionError, match="bytes came that answer no question"):
            await connection.ask(Request("GET", "/2"))


async def test_what_came_unasked_while_the_client_did_not_read_is_seen_before_the_next_question():
    async def speaks_first(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK % (1, b"1"))
        await asyncio.sleep(1)
        writer.write(OK % (7, b"unasked"))
        await reader.read()

    async with await listen(speaks_first) as server, connect(server.address) as connection:
        assert (await connection.ask(Request("GET", "/1"))).body == b"1"
        await asyncio.sleep(2)
        with pytest.raises(ConnectionError, match="bytes came that answer no question"):
            await connection.ask(Request("GET", "/2"))


async def test_half_an_answer_too_many_is_noticed():
    async with await says(OK % (1, b"1") + b"HTTP/1.1 2") as server, connect(server.address) as connection:
        await connection.ask(Request("GET", "/1"))
        with pytest.raises(ConnectionError, match="bytes came that answer no question"):
            await connection.ask(Request("GET", "/2"))


async def test_a_refused_question_leaves_the_connection_as_it_was():
    async with await says(OK % (3, b"yes")) as server, connect(server.address) as connection:
        with pytest.raises(FramingError):
            await connection.ask_all([Request("HEAD", "/1"), Request("HEAD", "not a target")])
        assert (await connection.ask(Request("GET", "/2"))).body == b"yes"


async def test_bytes_that_are_no_response_end_the_connection():
    async with await says(b"hello?\r\n\r\n") as server, connect(server.address) as connection:
        with pytest.raises(FramingError):
            await connection.ask(Request("GET", "/1"))
        with pytest.raises(ConnectionError, match="BadStartLine"):
            await connection.ask(Request("GET", "/2"))


async def test_after_connection_close_nothing_more_is_asked():
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1"
    async with await says(last) as server, connect(server.address) as connection:
        assert (await connection.ask(Request("GET", "/1"))).body == b"1"
        with pytest.raises(ConnectionError, match="ended with Connection: close at GET /1"):
            await connection.ask(Request("GET", "/2"))


async def test_a_question_sent_behind_the_last_answer_is_told_so_at_once():
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1"
    async with await says(last, 3600) as server, connect(server.address) as connection:
        with pytest.raises(Disconnected, match="no head before the connection ended with Connection: close at GET /1"):
            await connection.ask_all([Request("GET", "/1"), Request("GET", "/2")])
        assert asyncio.get_running_loop().time() == 0


async def test_a_second_question_has_to_wait_for_the_first():
    async with await says(1, OK % (1, b"1")) as server, connect(server.address) as connection:
        first = asyncio.create_task(connection.ask(Request("GET", "/1")))
        await asyncio.sleep(0.5)
        with pytest.raises(ConnectionError, match="got one with an open question"):
            await connection.ask(Request("GET", "/2"))
        assert (await first).body == b"1"
