"""What every asynchronous test is held to: it leaves nothing, loses nothing, and ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def house(request: pytest.FixtureRequest):
    """The conftest.py of all tests, as a module."""
    return request.config.pluginmanager.get_plugin(str(Path(__file__).parents[1] / "conftest.py"))


def left_by(house, test, *, real: bool = False) -> list[str]:
    """The lines of the failure that the test causes by what it leaves, without numbers."""
    with pytest.raises(pytest.fail.Exception) as caught:
        house.run_and_look_round(test, {}, failures=house.Failures(), real=real)
    first, *rest = str(caught.value).splitlines()
    assert first == "the test left behind:"
    return [re.sub(r"\d+", "N", line.strip()) for line in rest]


@pytest.mark.parametrize("real", [False, True])
def test_a_task_that_lives_on_is_named(house, real) -> None:
    async def test() -> None:
        test.kept = asyncio.create_task(asyncio.sleep(1000), name="forgotten")

    (line,) = left_by(house, test, real=real)
    assert line == "task forgotten: sleep (asyncio/tasks.py:N) → a future"


def test_an_open_connection_and_a_listening_socket_are_named(house) -> None:
    accepted = []

    async def test() -> None:
        test.server = await asyncio.start_server(lambda *streams: accepted.append(streams), "127.0.0.1", 0)
        _, test.writer = await asyncio.open_connection(*test.server.sockets[0].getsockname())
        test.writer.transport.pause_reading()  # watched by nobody, open all the same

    lines = left_by(house, test)
    for listening in test.server.sockets:
        listening._sock.close()
    assert any("_accept_connection" in line for line in lines)
    ends = [line for line in lines if line.startswith("connection ('N.N.N.N', N) – ('N.N.N.N', N): ")]
    assert len(ends) >= 1


def test_an_exception_that_nobody_awaited_is_named(house) -> None:
    async def test() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)

    (line,) = left_by(house, test)
    assert line.startswith("lost exception: Exception in callback ")
    assert line.endswith("ZeroDivisionError('division by zero')")


def test_a_thread_that_works_on_is_named(house) -> None:
    go_on = threading.Event()

    async def test() -> None:
        test.thread = threading.Thread(target=go_on.wait, name="forgotten")
        test.thread.start()

    lines = left_by(house, test)
    go_on.set()
    test.thread.join()
    assert lines == ["thread forgotten"]


async def test_an_expected_failure_is_taken(expected_failures) -> None:
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(1)
    (error,) = expected_failures.take()
    assert isinstance(error, ZeroDivisionError)


async def test_what_happens_at_once_may_happen_after_the_test(house) -> None:
    """A closed connection ends in the loop's next turns: that is no leftover."""

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.close()


@given(st.integers(0, 3))
async def test_an_asynchronous_property_starts_each_example_at_time_0(seconds) -> None:
    assert asyncio.get_running_loop().time() == 0.0
    await asyncio.sleep(seconds)


@pytest.mark.limit_s(0.2)
def test_a_test_that_never_ends_is_ended(house, request, capfd) -> None:
    with contextlib.suppress(house.TooLong):
        while True:
            time.sleep(0.01)
    assert "test_a_test_that_never_ends_is_ended" in capfd.readouterr().err
