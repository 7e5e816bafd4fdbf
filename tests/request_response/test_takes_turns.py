"""What a protocol sees through TakesTurns: the same calls in the same order, in small pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from patterns.request_response.turns import PIECE_BYTES, UNREAD_BYTES, TakesTurns

DATA = bytes(range(256)) * 10
PIECES = [DATA[at : at + PIECE_BYTES] for at in range(0, len(DATA), PIECE_BYTES)]


class Line(asyncio.Transport):
    """A transport without a socket."""

    def __init__(self) -> None:
        super().__init__()
        self.reads, self.closed = True, False

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_write_buffer_size(self) -> int:
        return 42


class Heard(asyncio.Protocol):
    """Writes down what it hears; pauses, or hangs up, when it has heard so many pieces."""

    def __init__(self, pause_after: int = 0, close_after: int = 0, stays_open: bool = False) -> None:
        self.calls: list[Any] = []
        self.transport: Any = None
        self.pause_after, self.close_after, self.stays_open = pause_after, close_after, stays_open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.calls.append(data)
        if len(self.calls) == self.pause_after:
            self.transport.pause_reading()
        if len(self.calls) == self.close_after:
            self.transport.close()

    def eof_received(self) -> bool:
        self.calls.append("end")
        return self.stays_open

    def connection_lost(self, exc: Exception | None) -> None:
        self.calls.append(exc)

    def pause_writing(self) -> None:
        self.calls.append("write no more")

    def resume_writing(self) -> None:
        self.calls.append("write on")


def connected(**how: int) -> tuple[TakesTurns, Heard, Line]:
    heard, line = Heard(**how), Line()
    turns = TakesTurns(heard)
    turns.connection_made(line)
    return turns, heard, line


async def test_one_piece_at_once_and_one_in_each_turn_of_the_loop() -> None:
    turns, heard, _ = connected()
    turns.data_received(DATA)
    for number in range(1, len(PIECES) + 1):
        assert heard.calls == PIECES[:number]
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard.calls == PIECES


async def test_what_comes_meanwhile_and_the_end_stand_behind_what_is_unread() -> None:
    turns, heard, line = connected()
    turns.data_received(DATA)
    turns.data_received(b"more")
    assert turns.eof_received() is True, "the connection stays open until then"
    await asyncio.sleep(1)
    assert b"".join(heard.calls[:-1]) == DATA + b"more"
    assert heard.calls[-1] == "end"
    assert line.closed, "since the protocol did not want it kept"


@pytest.mark.parametrize("stays_open", [False, True])
async def test_an_end_with_nothing_unread_is_the_protocols_to_answer(stays_open: bool) -> None:
    turns, heard, _ = connected(stays_open=stays_open)
    assert turns.eof_received() is stays_open
    turns.data_received(DATA)
    turns.eof_received()
    await asyncio.sleep(1)
    assert heard.calls == ["end", *PIECES, "end"]
    assert heard.transport.is_closing() is not stays_open


async def test_a_protocol_that_pauses_gets_nothing_until_it_wants_more() -> None:
    turns, heard, line = connected(pause_after=2)
    turns.data_received(DATA)
    await asyncio.sleep(1)
    assert heard.calls == PIECES[:2]
    assert not line.reads
    heard.transport.resume_reading()
    await asyncio.sleep(1)
    assert heard.calls == PIECES
    assert line.reads


async def test_with_much_unread_no_more_is_read_for_a_while() -> None:
    turns, heard, line = connected()
    turns.data_received(bytes(UNREAD_BYTES))
    assert line.reads
    turns.data_received(bytes(10 * PIECE_BYTES))
    await asyncio.sleep(0)
    assert not line.reads
    await asyncio.sleep(1)
    assert line.reads
    assert sum(map(len, heard.calls)) == UNREAD_BYTES + 10 * PIECE_BYTES


async def test_gone_or_hung_up_nothing_more_is_told() -> None:
    turns, heard, _ = connected()
    turns.data_received(DATA)
    gone = ConnectionResetError()
    turns.connection_lost(gone)
    await asyncio.sleep(1)
    assert heard.calls == [PIECES[0], gone]
    turns, heard, _ = connected(close_after=2)
    turns.data_received(DATA)
    await asyncio.sleep(1)
    assert heard.calls == PIECES[:2]


async def test_all_else_goes_through() -> None:
    turns, heard, _ = connected()
    turns.pause_writing()
    turns.resume_writing()
    assert heard.calls == ["write no more", "write on"]
    assert heard.transport.get_write_buffer_size() == 42
