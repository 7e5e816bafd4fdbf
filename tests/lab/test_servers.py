"""Servers by name: replaced, stopped, listed; nothing left by what fails or is interrupted."""

import asyncio
import threading
from typing import Self

import ipywidgets
import pytest

from patterns.lab.kernel import Failure, servers
from patterns.lab.kernel.servers import SERVERS, Servers, _server_list, as_text, keep, stop_all
from patterns.wire.listen import Address


class Stub:
    """A server without a socket; notes what happens to it."""

    def __init__(self, name: str, happened: list[str], *, stop_s: float = 0.0, fails: bool = False) -> None:
        self.address = Address("127.0.0.1", 8000)
        self.name, self.happened, self.stop_s, self.fails = name, happened, stop_s, fails

    async def stop(self) -> None:
        await asyncio.sleep(self.stop_s)
        self.happened.append(f"{self.name} stopped")
        if self.fails:
            raise OSError("the socket was gone")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()


async def starting(name: str, happened: list[str], takes_s: float = 0.0, **options: float | bool) -> Stub:
    happened.append(f"{name} starts")
    await asyncio.sleep(takes_s)
    happened.append(f"{name} runs")
    await asyncio.sleep(takes_s)  # it listens, but nobody holds it yet
    return Stub(name, happened, **options)


async def test_a_cell_run_again_stops_the_old_server_before_it_starts_the_new_one() -> None:
    registry, happened = Servers(), list[str]()
    await registry.keep("echo", starting("first", happened, stop_s=0.5))
    second = await registry.keep("echo", starting("second", happened))
    assert happened == ["first starts", "first runs", "first stopped", "second starts", "second runs"]
    assert registry.kept["echo"].server is second


async def test_two_cells_at_once_for_one_name_take_turns() -> None:
    registry, happened = Servers(), list[str]()
    await asyncio.gather(
        registry.keep("echo", starting("first", happened, 0.3)),
        registry.keep("echo", starting("second", happened, 0.3)),
    )
    assert happened == ["first starts", "first runs", "first stopped", "second starts", "second runs"]


async def test_servers_of_different_names_start_side_by_side() -> None:
    registry, happened = Servers(), list[str]()
    await asyncio.gather(
        registry.keep("a", starting("a", happened, 0.3)), registry.keep("b", starting("b", happened, 0.3))
    )
    assert happened == ["a starts", "b starts", "a runs", "b runs"]
    assert list(registry.kept) == ["a", "b"]


async def test_a_start_that_fails_keeps_nothing_and_lets_the_next_one_in() -> None:
    async def fails() -> Stub:
        raise OSError("no such host")

    registry, happened = Servers(), list[str]()
    await registry.keep("echo", starting("first", happened))
    with pytest.raises(OSError, match="no such host"):
        await registry.keep("echo", fails())
    assert registry.kept == {}
    await registry.keep("echo", starting("second", happened))
    assert list(registry.kept) == ["echo"]


async def test_an_old_server_that_does_not_stop_is_left_behind_and_the_learner_is_told(
    shown: list[Failure],
) -> None:
    registry, happened = Servers(), list[str]()
    await registry.keep("echo", starting("first", happened, stop_s=1000.0))
    await registry.keep("echo", starting("second", happened))
    assert happened == ["first starts", "first runs", "second starts", "second runs"]
    (failure,) = shown
    assert (failure.where, failure.error) == (
        "stopping server “echo”",
        "TimeoutError: expected an end within 8 s, got none; left behind",
    )
    shown.clear()


async def test_a_stop_that_fails_takes_the_server_off_the_list_all_the_same(shown: list[Failure]) -> None:
    registry, happened = Servers(), list[str]()
    await registry.keep("echo", starting("first", happened, fails=True))
    await registry.stop_all()
    assert registry.kept == {}
    assert [failure.error for failure in shown] == ["OSError: the socket was gone"]
    shown.clear()


async def test_a_server_asked_twice_to_stop_is_stopped_once() -> None:
    registry, happened = Servers(), list[str]()
    await registry.keep("echo", starting("first", happened, stop_s=0.2))
    kept = registry.kept["echo"]
    await asyncio.gather(registry.stop(kept), registry.stop(kept), registry.stop_all())
    assert happened == ["first starts", "first runs", "first stopped"]


@pytest.mark.parametrize("interrupt_s", [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35])
async def test_an_interrupt_at_any_moment_leaves_a_server_that_is_listed_or_none(interrupt_s: float) -> None:
    registry, happened = Servers(), list[str]()
    await registry.keep("echo", starting("first", happened, stop_s=0.1))
    cell = asyncio.ensure_future(registry.keep("echo", starting("second", happened, 0.1)))
    await asyncio.sleep(interrupt_s)
    cell.cancel()
    await asyncio.wait([cell])
    await asyncio.sleep(5)
    running = {line.split()[0] for line in happened if line.endswith("runs")}
    stopped = {line.split()[0] for line in happened if line.endswith("stopped")}
    assert running - stopped == {kept.server.name for kept in registry.kept.values()}
    await registry.stop_all()


async def test_a_start_that_hangs_is_cancelled_after_an_interrupt() -> None:
    registry, happened = Servers(), list[str]()
    cell = asyncio.ensure_future(registry.keep("echo", starting("slow", happened, 1000.0)))
    await asyncio.sleep(0.1)
    cell.cancel()
    await asyncio.wait([cell])
    assert cell.cancelled()
    assert (happened, registry.kept) == (["slow starts"], {})


async def test_interrupted_while_it_waits_its_turn_a_start_never_begins() -> None:
    registry, happened = Servers(), list[str]()
    first = asyncio.ensure_future(registry.keep("echo", starting("first", happened, 1.0)))
    await asyncio.sleep(0.1)
    second = asyncio.ensure_future(registry.keep("echo", starting("second", happened)))
    await asyncio.sleep(0.1)
    second.cancel()
    await asyncio.wait([second])
    await first
    assert happened == ["first starts", "first runs"]


async def test_an_await_too_many_is_explained() -> None:
    registry, happened = Servers(), list[str]()
    with pytest.raises(TypeError) as refused:
        await registry.keep("echo", Stub("echo", happened))
    assert str(refused.value) == (
        'expected a server being started, as in keep("echo", serve(...)), got Stub; '
        "leave out the await inside keep(...)"
    )


async def test_what_is_no_server_is_not_kept() -> None:
    async def nothing() -> None: ...

    registry = Servers()
    with pytest.raises(TypeError) as refused:
        await registry.keep("echo", nothing())
    assert str(refused.value) == (
        "expected a server with .address and .stop(), got NoneType; return what serve(...) returned"
    )
    assert registry.kept == {}


async def test_the_list_follows_what_comes_and_goes() -> None:
    registry, happened = Servers(), list[str]()
    box = _server_list(registry)
    assert "no servers running" in box.children[0].value
    await registry.keep("echo", starting("first", happened))
    assert "1 running" in box.children[0].value
    text, button = box.children[1].children
    assert "127.0.0.1:8000" in text.value
    assert 'data-testid="server-echo"' in text.value
    assert (button.description, button.tooltip) == ("Stop", "Stop the server “echo” at 127.0.0.1:8000")
    button.click()
    await asyncio.sleep(0.1)
    assert registry.kept == {}
    assert len(box.children) == 1


async def test_a_hundred_re_runs_leave_no_more_widgets_than_one() -> None:
    registry, happened = Servers(), list[str]()
    _server_list(registry)
    await registry.keep("echo", starting("first", happened))
    before = len(ipywidgets.widgets.widget._instances)
    for number in range(100):
        await registry.keep("echo", starting(str(number), happened))
    assert len(ipywidgets.widgets.widget._instances) == before
    await registry.stop_all()


async def test_a_server_s_name_cannot_smuggle_html_into_the_list() -> None:
    registry, happened = Servers(), list[str]()
    box = _server_list(registry)
    await registry.keep("<b>", starting("first", happened))
    assert "<strong>&lt;b&gt;</strong>" in box.children[1].children[0].value
    await registry.stop_all()


async def test_the_notebook_s_own_list_is_one_widget_however_often_it_is_shown() -> None:
    happened = list[str]()
    assert servers() is servers()
    await keep("echo", starting("first", happened))
    assert as_text().startswith("echo at 127.0.0.1:8000 since ")
    await stop_all()
    assert as_text() == "no servers running"
    assert SERVERS.kept == {}


@pytest.mark.real_clock
async def test_stop_pressed_in_another_thread_stops_on_the_loop() -> None:
    registry, happened = Servers(), list[str]()
    box = _server_list(registry)
    await registry.keep("echo", starting("first", happened))
    threads, changed = set[int](), asyncio.Event()
    registry.watch(lambda: (threads.add(threading.get_ident()), changed.set()))
    changed.clear()
    await asyncio.to_thread(box.children[1].children[1].click)
    await changed.wait()
    assert happened[-1] == "first stopped"
    assert threads == {threading.get_ident()}
