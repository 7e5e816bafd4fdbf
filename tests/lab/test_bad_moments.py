"""Interrupted before each iteration of the loop in turn, nothing is left: no socket, no lost exception."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

import ipywidgets
import pytest
from bad_moments import Work, at_every_moment

from patterns.cost.autojump import elsewhere
from patterns.cost.workload import payload
from patterns.lab.kernel.servers import Servers
from patterns.lab.kernel.tasks import background, end_all
from patterns.lab.panel import Panel
from patterns.request_response import ask, download, download_whole, downloads, serve, serve_aiohttp, upload
from patterns.request_response.transfer import Uploads
from patterns.wire.framing import Request, Response
from patterns.wire.listen import Address, Listening, listen
from patterns.wire.tap import tap

BODY = payload(3000, seed=1)


async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")


async def holds(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1000)


async def greeted(address: Address) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    try:
        return await reader.read()
    finally:
        writer.transport.abort()


async def a_server_starts_answers_and_stops() -> None:
    async with await listen(hello) as server:
        assert await greeted(server.address) == b"hello"


async def a_tap_before_it() -> None:
    async with await listen(hello) as server, await tap(server.address, delay_s=0.02) as path:
        assert await greeted(path.address) == b"hello"


async def a_server_stops_while_it_holds_connections() -> None:
    async with await listen(holds) as server, await tap(server.address) as path:
        for address in (server.address, path.address):
            _, writer = await asyncio.open_connection(*address)
            try:
                await asyncio.sleep(0.01)
            finally:
                writer.transport.abort()


async def aiohttp_answers() -> None:
    async def handler(_: Request) -> Response:
        return Response(200, body=b"hello")

    async with await serve_aiohttp(handler) as server:
        assert (await ask(server.address, Request("GET", "/"))).body == b"hello"


async def over_a_path_that_breaks(transfer: Callable[[Address], Awaitable[Any]]) -> None:
    async with (
        await serve(downloads({"/body": BODY})) as store,
        await tap(store.address, cut_mean_bytes=1500, seed=1) as path,
    ):
        assert await transfer(path.address) == BODY


async def a_download_comes_back_after_cuts() -> None:
    await over_a_path_that_breaks(lambda address: download(address, "/body", breaks=1000))


async def a_download_starts_again_after_cuts() -> None:
    await over_a_path_that_breaks(lambda address: download_whole(address, "/body", breaks=1000))


async def an_upload_comes_back_after_cuts() -> None:
    uploads = Uploads()
    async with await serve(uploads) as store, await tap(store.address, cut_mean_bytes=1500, seed=1) as path:
        target = await upload(path.address, BODY, breaks=1000)
        assert uploads.bodies[target] == BODY


async def an_hour_elsewhere() -> None:
    async def hour() -> None:
        await a_tap_before_it()
        await asyncio.sleep(3600)

    await elsewhere(hour)


async def a_cell_keeps_a_server_and_is_run_again() -> AsyncGenerator[Coroutine[Any, Any, None], None]:
    """What an interrupted cell leaves is listed, and so can be stopped, or it is gone; and the cell runs again."""
    registry = Servers()
    made: list[Listening] = []

    async def start() -> Listening:
        made.append(await listen(hello))
        await asyncio.sleep(0.1)
        return made[-1]

    async def cell() -> None:
        server = await registry.keep("hello", start())
        assert await greeted(server.address) == b"hello"

    async def run_twice() -> None:
        await cell()
        await cell()

    yield run_twice()
    await asyncio.sleep(5)  # an interrupted start is undone in a task of its own
    listed = [kept.server for kept in registry.kept.values()]
    assert [one for one in made if is_running(one)] == listed, "what runs can be stopped by its name"
    await cell()
    assert [one for one in made if is_running(one)] == [registry.kept["hello"].server]
    await registry.stop_all()
    assert not any(is_running(one) for one in made)


async def a_panel_starts_and_stops() -> AsyncGenerator[Coroutine[Any, Any, None], None]:
    async def drive(panel: Panel) -> None:
        async with await listen(hello) as server:
            while True:
                panel.number("greeting", await greeted(server.address))
                await asyncio.sleep(0.05)

    dial = {"rate": ipywidgets.IntSlider(description="rate")}
    panel = Panel("greetings", dial, drive, x_label="", y_label="", numbers=["greeting"])

    async def play() -> None:
        for _ in range(2):
            panel.start()
            await asyncio.sleep(0.12)
            await panel.stop()

    yield play()
    await panel.stop()
    assert not panel.start_button.disabled, "it can be started again"
    panel.start()
    await asyncio.sleep(0.05)
    assert "running" in panel.status.value
    await panel.stop()


async def a_background_task_is_replaced() -> None:
    try:
        for _ in range(3):
            background(a_tap_before_it(), name="taps")
            await asyncio.sleep(0.01)
        await background(a_tap_before_it(), name="taps")
    finally:
        await end_all(1)


def is_running(server: Listening) -> bool:
    return server._server.is_serving()


CASES: list[Callable[[], Work]] = [
    a_server_starts_answers_and_stops,
    a_tap_before_it,
    a_server_stops_while_it_holds_connections,
    aiohttp_answers,
    a_download_comes_back_after_cuts,
    a_download_starts_again_after_cuts,
    an_upload_comes_back_after_cuts,
    an_hour_elsewhere,
    a_cell_keeps_a_server_and_is_run_again,
    a_panel_starts_and_stops,
    a_background_task_is_replaced,
]


@pytest.mark.parametrize("work", CASES, ids=lambda work: work.__name__)
def test_an_interrupt_at_any_moment_leaves_nothing(work: Callable[[], Work]) -> None:
    assert at_every_moment(work) == []


@pytest.mark.soak
@pytest.mark.parametrize("again_after", [1, 2, 3])
@pytest.mark.parametrize("work", CASES, ids=lambda work: work.__name__)
def test_nor_do_two_interrupts_in_a_row(work: Callable[[], Work], again_after: int) -> None:
    assert at_every_moment(work, again_after) == []
