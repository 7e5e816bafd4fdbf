# ruff: noqa: E501 - what is said is compared whole, so it is written whole
"""What a parser does when the bytes are wrong, or end too early, or somebody moves it wrongly."""

from __future__ import annotations

import pytest
from fuzz_framing import rows

from patterns.wire.framing import (
    TRANSITIONS,
    BadHeader,
    FramingError,
    IllegalMove,
    Move,
    RequestAssembler,
    RequestParser,
    State,
    Truncated,
)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /notes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


def test_requests_in_front_of_a_bad_one_are_handed_on_before_the_error() -> None:
    parser = RequestParser()
    assert len(parser.feed(GET + b"GET / HTTP/1.1\r\n: x\r\n\r\n")) == 2
    assert parser.state is State.FAILED
    with pytest.raises(BadHeader):
        parser.feed(b"")


def test_a_parser_that_has_failed_says_so_again_and_takes_nothing_more() -> None:
    parser = RequestParser()
    said = set()
    for piece in (b"nonsense\r\n", GET, b""):
        with pytest.raises(FramingError) as caught:
            parser.feed(piece)
        said.add(str(caught.value))
        assert (parser.state, parser.at, parser.pending_bytes) == (State.FAILED, 10, 0)
    with pytest.raises(FramingError) as caught:
        parser.feed_eof()
    assert said == {str(caught.value)}


@pytest.mark.parametrize("end", range(1, len(POST)))
def test_a_stream_that_ends_inside_a_message_is_truncated(end: int) -> None:
    assembler = RequestAssembler()
    assert assembler.feed(POST[:end]) == []
    with pytest.raises(Truncated):
        assembler.feed_eof()
    assert assembler.parser.state is State.FAILED


def test_the_end_of_the_stream_between_messages_is_no_error() -> None:
    parser = RequestParser()
    parser.feed(GET)
    assert parser.feed_eof() == []
    assert parser.state is State.CLOSED


def test_bytes_behind_the_end_of_the_stream_are_an_illegal_move() -> None:
    parser = RequestParser()
    parser.feed_eof()
    with pytest.raises(IllegalMove) as caught:
        parser.feed(GET)
    assert str(caught.value) == ("no move START (start line) leads from state CLOSED (closed); from there: no move")
    assert parser.state is State.CLOSED


def test_every_move_that_the_table_lacks_raises_and_changes_nothing() -> None:
    for state in State:
        for move in Move:
            parser = RequestParser()
            parser.state = state
            if (state, move) in TRANSITIONS:
                parser.move(move)
                assert parser.state is TRANSITIONS[state, move]
            else:
                with pytest.raises(IllegalMove, match=rf"no move {move.name} .* from state {state.name} "):
                    parser.move(move)
                assert parser.state is state


def test_an_illegal_move_says_which_are_legal() -> None:
    with pytest.raises(IllegalMove) as caught:
        RequestParser().move(Move.SIZE)
    assert str(caught.value) == (
        "no move SIZE (size) leads from state START_LINE (start line); from there: START, STREAM_END, SWITCH, ERROR"
    )


def test_every_state_can_be_reached_and_left_but_for_the_last_two() -> None:
    assert set(TRANSITIONS.values()) == set(State)
    assert {before for before, _ in TRANSITIONS} == set(State) - {State.CLOSED, State.FAILED}
    assert {move for _, move in TRANSITIONS} == set(Move)


CUT_OFF = r"""
GET / HT
    Truncated 400: expected the rest of the message, got the end of the stream in its start line; treat what came as incomplete
GET / HTTP/1.1\r\nHost: a\r\n
    Truncated 400: expected the rest of the message, got the end of the stream in its headers; treat what came as incomplete
POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel
    Truncated 400: expected the rest of the message, got the end of the stream in its body of known length, 2 bytes short; treat what came as incomplete
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel
    Truncated 400: expected the rest of the message, got the end of the stream in its chunk data, 2 bytes short; treat what came as incomplete
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello
    Truncated 400: expected the rest of the message, got the end of the stream in its chunk end; treat what came as incomplete
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n
    Truncated 400: expected the rest of the message, got the end of the stream in its chunk size; treat what came as incomplete
POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n
    Truncated 400: expected the rest of the message, got the end of the stream in its trailers; treat what came as incomplete
"""


@pytest.mark.parametrize(("stream", "said"), rows(CUT_OFF))
def test_a_stream_that_ends_too_early_says_in_what(stream: bytes, said: str) -> None:
    parser = RequestParser()
    parser.feed(stream)
    with pytest.raises(FramingError) as caught:
        parser.feed_eof()
    assert f"{type(caught.value).__name__} {caught.value.status}: {caught.value}" == said
