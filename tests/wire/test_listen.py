import asyncio
import errno

import pytest
from listen_clients import talk, until

from patterns.wire.listen import Address, check_host, listen
from tests.hostile.clients import reset


async def echo(reader, writer):
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def test_every_connection_gets_a_handler_and_is_closed_when_it_ends():
    async with await listen(echo) as server:
        assert await asyncio.gather(*(talk(server.address, b"%d" % n) for n in range(50))) == [
            b"%d" % n for n in range(50)
        ]
        await until(lambda: server.connections == 0)


async def test_the_system_chooses_a_free_loopback_port():
    async with await listen(echo) as one, await listen(echo) as other:
        assert one.address.host == other.address.host == "127.0.0.1"
        assert 0 != one.address.port != other.address.port != 0
        assert repr(one) == f"<Listening on {one.address}, 0 connections>"


async def test_localhost_is_one_address_and_ipv6_is_bracketed():
    async with await listen(echo, "localhost") as server:
        assert server.address.host == "127.0.0.1"
        assert server.address.url == f"http://127.0.0.1:{server.address.port}"
    assert str(Address("::1", 80)) == "[::1]:80"
    assert Address("::1", 80).url == "http://[::1]:80"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.org", "2001:db8::1"])
async def test_a_host_that_others_may_reach_has_to_be_asked_for(host):
    with pytest.raises(ValueError, match="other machines may reach") as caught:
        await listen(echo, host)
    assert str(caught.value) == (
        f"expected a loopback host such as 127.0.0.1, got {host!r}, where other machines may reach this "
        "server, which has no password; if that is meant, say open_to_the_network=True"
    )
    assert check_host(host, True) == host


async def test_every_loopback_address_is_allowed():
    for host in ("127.0.0.1", "127.0.0.2", "::1"):
        assert check_host(host, False) == host


async def test_open_to_the_network_listens_there():
    async with await listen(echo, "0.0.0.0", open_to_the_network=True) as server:
        assert await talk(("127.0.0.1", server.address.port), b"hi") == b"hi"


async def test_a_port_in_use_says_what_to_do():
    async with await listen(echo) as server:
        with pytest.raises(OSError, match="to be free") as caught:
            await listen(echo, port=server.address.port)
    assert caught.value.errno == errno.EADDRINUSE
    assert caught.value.strerror == (
        f"expected port {server.address.port} on 127.0.0.1 to be free, but somebody listens there; "
        "stop that server, or leave port=0 and the system chooses a free one"
    )


async def test_a_failing_handler_reaches_the_exception_handler_and_others_go_on():
    heard = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))

    async def moody(reader, writer):
        if await reader.read(1) == b"!":
            raise ZeroDivisionError("by hand")
        writer.write(b"fine")

    async with await listen(moody) as server:
        assert await talk(server.address, b"!") == b""
        assert await talk(server.address, b"?") == b"fine"
    (context,) = heard
    assert isinstance(context["exception"], ZeroDivisionError)
    start, _, client = context["message"].rpartition(":")
    assert start == f"{moody.__qualname__}, listening on {server.address}, failed on the connection from 127.0.0.1"
    assert int(client) > 0


async def test_a_refusal_elsewhere_is_a_failure_of_the_handler_and_not_a_vanished_client(expected_failures):

    async def proxy(reader, writer):
        raise ConnectionRefusedError("the server behind")

    async with await listen(proxy) as server:
        assert await talk(server.address, b"") == b""
    assert [type(error) for error in expected_failures.take()] == [ConnectionRefusedError]


@pytest.mark.parametrize("in_group", [False, True])
async def test_a_client_that_resets_is_no_error(in_group):
    ended = asyncio.Event()

    async def read(reader, writer):
        try:
            if in_group:
                async with asyncio.TaskGroup() as group:
                    group.create_task(reader.readexactly(100))
            else:
                await reader.readexactly(100)
        finally:
            ended.set()

    async with await listen(read) as server:
        _, writer = await asyncio.open_connection(*server.address)
        writer.write(b"half")
        await until(lambda: server.connections)
        reset(writer)
        await ended.wait()
        await until(lambda: not server.connections)


async def test_a_client_that_hangs_up_in_the_middle_is_no_error():
    async def read(reader, writer):
        await reader.readexactly(100)

    async with await listen(read) as server:
        assert await talk(server.address, b"half") == b""


async def test_writing_to_a_client_that_has_gone_is_no_error():
    gone = asyncio.Event()

    async def write(reader, writer):
        await gone.wait()
        for _ in range(100):
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with await listen(write) as server:
        _, writer = await asyncio.open_connection(*server.address)
        await until(lambda: server.connections)
        reset(writer)
        gone.set()
        await until(lambda: not server.connections)


async def test_a_handler_that_gives_up_is_closed_quietly():
    async def give_up(reader, writer):
        raise asyncio.CancelledError

    async with await listen(give_up) as server:
        assert await talk(server.address, b"") == b""


async def test_one_connection_too_many_is_closed_at_once():
    async with await listen(echo, max_connections=2) as server:
        held = [await asyncio.open_connection(*server.address) for _ in range(2)]
        await until(lambda: server.connections == 2)
        reader, third = await asyncio.open_connection(*server.address)
        assert await reader.read() == b""
        third.close()
        for _, writer in held:
            writer.close()
        await until(lambda: server.connections == 0)
        assert await talk(server.address, b"room again") == b"room again"
    with pytest.raises(ValueError, match="expected max_connections ≥ 1, or None for no limit, got 0"):
        await listen(echo, max_connections=0)


async def test_two_hundred_clients_at_once_are_all_accepted_at_once():
    async with await listen(echo) as server:
        answers = await asyncio.gather(*(talk(server.address, b"x") for _ in range(200)))
        assert answers == [b"x"] * 200
        assert asyncio.get_running_loop().time() == pytest.approx(0, abs=0.01)
