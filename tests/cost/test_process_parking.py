"""cost/process/parking: clients in other processes are held, counted, answered, and gone afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from array import array

import process_servers
import psutil
import pytest

from patterns.cost.process import (
    Answers,
    FanOut,
    Fits,
    HasEnded,
    NotConnected,
    Serving,
    Standing,
    TookTooLong,
    at_rest,
    parked,
    parking,
    served,
)
from patterns.cost.process.crowd import how_it_ends
from patterns.cost.process.parking import AnswerEnds

pytestmark = pytest.mark.real_clock
LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 is there without being made")


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()


async def test_clients_of_several_processes_are_held_until_the_event_and_again() -> None:
    async with (
        served(process_servers.wait_for_event) as server,
        parked(server.address, 101, get("/wait"), processes=3, batch=7) as clients,
    ):
        assert clients.fits == Fits(101, 101)
        none = await clients.answers(0)
        assert (len(none.last_byte_s), none.missing) == (0, 101)
        for turn in (1, 2):
            coming = asyncio.create_task(clients.answers())  # those of the turn before do not count
            event_s = await event(server)
            answers = await coming
            assert (len(answers.last_byte_s), answers.missing) == (101, 0)
            for sent_s, first_s, last_s in zip(answers.sent_s, answers.first_byte_s, answers.last_byte_s, strict=True):
                assert sent_s < event_s < first_s <= last_s < time.monotonic(), "all processes share one clock"
            assert answers.fan_out(event_s).answers == 101
            assert await clients.standing() == Standing(101, 101 * turn, 0, {}, {"200": 101 * turn})
            assert await clients.send(get("/wait")) == Standing(101, 101 * turn, 0, {}, {"200": 101 * turn})


async def test_clients_that_ask_again_can_be_spread_over_a_time() -> None:
    async with (
        served(process_servers.wait_for_event) as server,
        parked(server.address, 10, get("/wait")) as clients,
    ):
        await event(server, 10)
        await clients.answers()
        await clients.send(get("/wait"), over_s=0.1)
        await event(server, 10)
        answers = await clients.answers()
    assert answers.missing == 0
    asked_s = sorted(answers.sent_s)
    assert asked_s[-1] - asked_s[0] >= 0.09 - 1e-6, "the last of ten comes nine tenths of it after the first"


async def event(server: Serving, clients: int = 101) -> float:
    """Once the server holds every request, make the event; the moment before."""
    await at_rest(server, clients)
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection(*server.address)
        now_s = time.monotonic()
        writer.write(get("/event"))
        await reader.readexactly(len(process_servers.OK))
        writer.close()
        await writer.wait_closed()
    return now_s


@LINUX_ONLY
async def test_clients_come_from_the_addresses_in_turn() -> None:
    sources: list[str] = []

    def came(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sources.append(writer.get_extra_info("peername")[0])
        writer.close()

    server = await asyncio.start_server(came, "127.0.0.1", 0)
    address, among = server.sockets[0].getsockname(), ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
    async with server, parked(address, 10, processes=2, addresses=among), asyncio.timeout(10):
        while len(sources) < 10:  # noqa: ASYNC110  # what it waits for is this loop's own work
            await asyncio.sleep(0)
    assert sorted(sources) == ["127.0.0.2"] * 4 + ["127.0.0.3"] * 3 + ["127.0.0.4"] * 3


@pytest.mark.parametrize(
    ("path", "ends", "statuses"),
    [
        ("/ok", "http", {"200": 5}),
        ("/busy", "http", {"503": 5}),
        ("/chunked", "http", {"200": 5}),
        ("/nothing", "http", {"204": 5}),
        ("/leaving", "http", {"200": 5}),
        ("/until-the-end", "http", {"200": 5}),
        ("/until-the-end", "close", {}),
        ("/line", b"\n", {}),
        ("/line", 3, {}),
    ],
)
async def test_an_answer_ends_as_it_was_said_to_end(path: str, ends: AnswerEnds, statuses: dict[str, int]) -> None:
    async with (
        served(process_servers.answer) as server,
        parked(server.address, 5, get(path), answer_ends=ends) as clients,
    ):
        answers = await clients.answers()
        assert (len(answers.last_byte_s), answers.missing) == (5, 0)
        standing = await clients.standing()
    assert (standing.answered, standing.statuses, standing.failed) == (5, statuses, {})


@pytest.mark.parametrize(
    ("path", "failure"),
    [("/cut", "closed in the middle of an answer"), ("/never", "closed without an answer")],
)
async def test_an_answer_that_breaks_off_is_no_answer(path: str, failure: str) -> None:
    async with served(process_servers.answer) as server, parked(server.address, 5) as clients:
        await clients.send(get(path))
        assert (await clients.answers()).missing == 5, "and nobody waits for those who cannot come any more"
        assert await clients.standing() == Standing(0, 0, 0, {failure: 5}, {})


@pytest.mark.parametrize("path", ["/ok", "/chunked", "/busy", "/nothing"])
def test_a_response_is_whole_with_its_last_byte_and_not_before(path: str) -> None:
    whole = process_servers.ANSWERS[path.encode()]
    ended = how_it_ends("http")
    assert [ended(bytearray(whole[:n])) for n in range(len(whole) + 1)] == [False] * len(whole) + [True]


async def test_who_is_not_there_refuses_and_the_reasons_are_counted() -> None:
    async with served(process_servers.hold) as server:
        address = server.address
    with pytest.raises(NotConnected) as caught:
        async with parked(address, 12, processes=2):
            pass
    assert str(caught.value) == (
        f"expected 12 connections to {address}, got 0 (Connection refused: 12); "
        "is the server still there, and has it descriptors enough? (`await server.fits(n)` tells)"
    )


async def test_what_does_not_fit_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parking, "raise_descriptor_limit", lambda: 226)
    async with served(process_servers.hold) as server, parked(server.address, 50, processes=2) as clients:
        assert (await clients.standing()).connected == 20
        assert clients.fits == Fits(
            20,
            50,
            "10 of 25 connections fit: each process of clients may open 226 descriptors, 16 are open and 200 are kept "
            "in reserve, each connection takes 1. For all of them: `ulimit -n 241` in the terminal before the start; "
            "where that is refused, the hard limit must be raised first (Linux: /etc/security/limits.conf). "
            "Or spread them over more than processes=2.",
        )


async def test_a_process_of_clients_that_is_killed_is_named() -> None:
    async with served(process_servers.hold) as server, parked(server.address, 5, processes=2) as clients:
        os.kill(clients._children[1].process.pid, signal.SIGKILL)
        with pytest.raises(HasEnded) as caught:
            await clients.answers()
        assert str(caught.value) == (
            "process 2 of 2, with 2 clients ended with status -9; on standard error it said:\n(nothing)"
        )
        with pytest.raises(HasEnded, match=r"^an earlier order to these clients was broken off; leave the block"):
            await clients.standing()


async def test_a_process_of_clients_that_does_not_reply_is_not_waited_for_forever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parking, "REPLY_LIMIT_S", 0.2)
    async with served(process_servers.hold) as server, parked(server.address, 1) as clients:
        os.kill(clients._children[0].process.pid, signal.SIGSTOP)
        with pytest.raises(TookTooLong) as caught:
            await clients.standing()
        os.kill(clients._children[0].process.pid, signal.SIGCONT)
    assert str(caught.value) == (
        "expected process 1 of 1, with 1 clients to reply within 0.2 s to 'standing', it did not; is the machine "
        "busy, or the number too large for it? Ask for fewer clients, or allow more time"
    )


async def test_an_error_in_the_block_leaves_no_process_and_no_connection() -> None:
    before = set(psutil.Process().children(recursive=True))
    async with served(process_servers.hold) as server:
        with pytest.raises(ZeroDivisionError):
            async with parked(server.address, 30, processes=2):
                raise ZeroDivisionError
        async with asyncio.timeout(10):
            while (await server.sample()).kernel.sockets.accepted:  # type: ignore[union-attr]  # on Linux
                pass
    assert set(psutil.Process().children(recursive=True)) <= before


def test_the_fan_out_is_counted_from_the_event() -> None:
    last = array("d", [10.0 + k / 100 for k in range(1, 101)])
    answers = Answers(array("d", [9.0] * 100), last, last, 0)
    assert answers.fan_out(10.0) == FanOut(
        100, pytest.approx(100.0), pytest.approx(0.505), pytest.approx(0.901), pytest.approx(0.9901), pytest.approx(1)
    )
    with pytest.raises(ValueError, match=r"take time\.monotonic") as caught:
        answers.fan_out(10.5)
    assert str(caught.value) == (
        "expected answers to an event at 10.500000, got one at 10.010000; take time.monotonic() just before the event"
    )
    none = array("d")
    with pytest.raises(ValueError, match=r"^expected answers to an event at 10\.000000, got none; take"):
        Answers(none, none, none, 3).fan_out(10.0)


async def test_orders_that_mean_nothing_are_refused() -> None:
    for bad in ({"processes": 0}, {"batch": 0}):
        with pytest.raises(ValueError, match=r"^expected at least one process and a batch of one, got "):
            async with parked(("127.0.0.1", 1), 1, **bad):  # type: ignore[arg-type]  # a number each
                pass
    async with served(process_servers.hold) as server, parked(server.address, 2) as clients:
        with pytest.raises(ValueError, match=r"^expected to wait for 0 to 2 answers, got 3$"):
            await clients.answers(3)
