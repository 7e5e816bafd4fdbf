"""cost/process/serving: a server runs apart, tells its address, and ends with its block, or with us."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import Any

import process_servers
import psutil
import pytest

from patterns.cost.process import DidNotStart, HasEnded, NotImportable, TookTooLong, at_rest, parked, serving
from patterns.cost.process.serving import served

pytestmark = pytest.mark.real_clock
HERE = Path(__file__)


def command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


LISTENS = "import socket, time; s = socket.create_server(('127.0.0.1', 0)); "


@pytest.mark.parametrize(
    "what",
    [
        process_servers.hold,
        "process_servers:hold",
        process_servers.in_the_background,
        process_servers.thread_a_connection,
        process_servers.talk,
        command(
            LISTENS + "print('listening on http://127.0.0.1:%d/' % s.getsockname()[1], flush=True); time.sleep(99)"
        ),
    ],
    ids=["coroutine", "name", "returns", "announces", "prints", "command"],
)
async def test_every_kind_of_server_is_served(what: Any) -> None:
    async with served(what) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        assert psutil.Process(server.pid).is_running()
        assert await server.collect() is not isinstance(what, list)
        assert repr(server).startswith("<Serving ")
    async with asyncio.timeout(10):
        assert await ended(reader), "the server ended with its block"
    writer.close()
    assert not psutil.pid_exists(server.pid)


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def test_a_command_may_tell_its_address_on_standard_error() -> None:
    code = LISTENS + "import sys; print('on 127.0.0.1:%d' % s.getsockname()[1], file=sys.stderr); time.sleep(99)"
    async with served(command(code), announces_on="stderr") as server:
        assert server.address.host == "127.0.0.1"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_command_may_print_without_end(stream: str) -> None:
    prints = (
        f"import sys; print('127.0.0.1:%d' % s.getsockname()[1], file=sys.{stream}, flush=True); "
        "print('x' * 4_000_000); print('x' * 4_000_000, file=sys.stderr); c, _ = s.accept(); c.send(b'done')"
    )
    async with served(command(LISTENS + prints), announces_on=stream) as server:  # type: ignore[arg-type]  # one of two
        reader, writer = await asyncio.open_connection(*server.address)
        async with asyncio.timeout(10):
            assert await reader.read() == b"done"
        writer.close()


FAILING = command("import sys; sys.exit('no licence')")
SILENT = command("import time; time.sleep(99)")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            FAILING,
            f"expected a server that tells its address; {shlex.join(FAILING)} ended with status 1; "
            "on standard error it said:\nno licence",
        ),
        (
            ["./no-such-server"],
            "expected a server that tells its address; ./no-such-server ended with status 127; "
            "on standard error it said:\ncannot run './no-such-server': No such file or directory",
        ),
        (
            SILENT,
            f"expected {shlex.join(SILENT)} to print its address, host:port, on stdout within 0.5 s, and no such line "
            "came; print it as soon as the server listens, and flush. On standard error it said:\n(nothing)",
        ),
    ],
    ids=["fails", "missing", "silent"],
)
async def test_who_does_not_start_is_quoted(what: list[str], message: str) -> None:
    with pytest.raises(DidNotStart) as caught:
        async with served(what, start_limit_s=0.5 if what is SILENT else 15):
            pass
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("what", "options", "last_line"),
    [
        ("process_servers:nowhere", {}, "AttributeError: module 'process_servers' has no attribute 'nowhere'"),
        ("no_such_module:serve", {}, "ModuleNotFoundError: No module named 'no_such_module'"),
        (
            "process_servers:no_address",
            {},
            "TypeError: expected an address (host, port), or something with an .address or .sockets, got 42; return "
            "it once the server listens, or take a parameter `announce` and call announce(address)",
        ),
        ("process_servers:hold", {"lazy": 1}, "TypeError: hold() got an unexpected keyword argument 'lazy'"),
    ],
)
async def test_a_function_that_fails_is_quoted_with_its_traceback(
    what: str, options: dict[str, Any], last_line: str
) -> None:
    with pytest.raises(DidNotStart) as caught:
        async with served(what, **options):
            pass
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        f"expected a server that tells its address; {what} ended with status 1; on standard error it said:"
    )
    assert lines[-1] == last_line


async def test_what_another_interpreter_cannot_import_is_refused_before_anything_starts() -> None:
    async def local() -> None: ...

    with pytest.raises(NotImportable) as caught:
        async with served(local):
            pass
    name = "test_what_another_interpreter_cannot_import_is_refused_before_anything_starts.<locals>.local"
    assert str(caught.value) == (
        f"expected a function that a fresh interpreter can import, got {name} of {__name__}; write it into a file "
        "beside the notebook (%%writefile held.py) and give 'held:serve', or give a command line"
    )
    with pytest.raises(NotImportable) as caught:
        async with served("node server.js"):
            pass
    assert str(caught.value) == (
        "expected a function as 'module:function', got 'node server.js'; a command line is given as a list"
    )
    with pytest.raises(ValueError, match=r"^expected no options beside a command line, got \['wait_s'\]: put them"):
        async with served(["node"], wait_s=1):
            pass
    with pytest.raises(ValueError, match=r"^expected options that JSON can carry to another process, got {'log': <"):
        async with served("process_servers:hold", log=object()):
            pass


async def test_a_server_is_asked_to_end_before_it_is_ended() -> None:
    async with served(process_servers.say_goodbye) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        assert await reader.readexactly(4) == b"here"
    assert await reader.read() == b"goodbye"
    writer.close()


async def test_a_server_hears_the_signals_that_its_watchman_ignores() -> None:
    tells = (
        "import signal; print('127.0.0.1:%d' % s.getsockname()[1], flush=True); c, _ = s.accept(); "
        "c.send(' '.join(signal.getsignal(n).name for n in (signal.SIGTERM, signal.SIGHUP)).encode())"
    )
    async with served(command(LISTENS + tells)) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        assert await reader.read() == b"SIG_DFL SIG_DFL"
        writer.close()


async def test_children_of_a_server_that_will_not_end_end_with_it() -> None:
    async with served(process_servers.process_a_connection) as server:
        readers = [await asyncio.open_connection(*server.address) for _ in range(3)]
        for reader, _ in readers:
            assert await reader.readexactly(4) == b"here"
    async with asyncio.timeout(10):
        for reader, writer in readers:
            assert await ended(reader)
            writer.close()


async def test_a_server_that_dies_says_why_to_whoever_asks_next() -> None:
    async with served(process_servers.answer) as server:
        reader, writer = await asyncio.open_connection(*server.address)
        writer.write(b"GET /die HTTP/1.1\r\n\r\n")
        assert await ended(reader)
        writer.close()
        await server._watchman.process.wait()
        for ask in (server.sample, server.collect):
            with pytest.raises(HasEnded) as caught:
                await ask()
            assert str(caught.value) == (
                "process_servers:answer ended with status 3; on standard error it said:\nI was told to"
            )


async def test_a_server_too_busy_to_collect_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "COLLECT_LIMIT_S", 0.2)
    async with served(process_servers.hold) as server:
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(TookTooLong) as caught:
            await server.collect()
        os.kill(server.pid, signal.SIGCONT)
        with monkeypatch.context() as patient:
            patient.setattr(serving, "COLLECT_LIMIT_S", 10)
            await at_rest(server, 0)
        os.kill(server.pid, signal.SIGSTOP)
        with pytest.raises(TookTooLong):
            await server.collect()  # or an answer that came late has been taken for this one's
        os.kill(server.pid, signal.SIGCONT)
    assert str(caught.value) == (
        "expected process_servers:hold to collect its garbage within 0.2 s; "
        "its main thread is busy: let it wait in Python, where signals are seen"
    )


async def test_cancelled_while_it_starts_it_leaves_no_process() -> None:
    before = set(psutil.Process().children(recursive=True))
    starting = asyncio.create_task(served(SILENT).__aenter__())
    while not (came := set(psutil.Process().children(recursive=True)) - before):  # noqa: ASYNC110  # a process starts without an event
        await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not [child for child in came if child.is_running()]


async def test_when_we_are_killed_server_and_clients_end_too() -> None:
    code = (
        "import asyncio, sys; from patterns.cost.process import served, parked\n"
        f"sys.path.insert(0, {str(HERE.parent)!r})\n"
        "async def main():\n"
        "    async with served('process_servers:process_a_connection') as server, parked(server.address, 3):\n"
        "        print(server.address.port, flush=True)\n"
        "        await asyncio.sleep(99)\n"
        "asyncio.run(main())"
    )
    us = await asyncio.create_subprocess_exec(*command(code), stdout=asyncio.subprocess.PIPE)
    assert us.stdout is not None
    port = int(await us.stdout.readline())
    async with asyncio.timeout(10):
        while len(below := psutil.Process(us.pid).children(recursive=True)) < 6:  # noqa: ASYNC110  # as above
            await asyncio.sleep(0)
    assert len(below) == 1 + 1 + 3 + 1, "watchman, server, its three children, clients"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.readexactly(4) == b"here"
    us.kill()
    async with asyncio.timeout(20):
        assert await ended(reader)
        await us.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, below, timeout=10)
    writer.close()
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


async def test_it_says_how_many_connections_it_has_descriptors_for() -> None:
    async with served(process_servers.hold) as server, parked(server.address, 1):
        assert (await server.fits(10)).n == 10
        many = await server.fits(10**9)
        assert many.cut
        assert many.why.startswith(f"{many.n:,} of 1,000,000,000 connections fit: the server may open ")
