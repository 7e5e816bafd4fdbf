"""Streams that are nearly right: nothing but a `FramingError` comes out, and the pieces do not matter.

`make soak` sets FUZZ_INPUTS to a million.
"""

from __future__ import annotations

import itertools
import os

import h11
import pytest
from fuzz_framing import Fuzzed, Outcome, check, fuzzed

from patterns.wire.framing import Data, End, Head, Request

INPUTS = int(os.environ.get("FUZZ_INPUTS", "20000"))
SHARE_FOR_H11 = 20  # it takes longer than all the rest


@pytest.mark.fuzz
def test_a_spoilt_stream_is_read_alike_in_any_pieces_and_h11_reads_no_other_requests_in_it() -> None:
    accepted = refused = compared = 0
    for number, case in enumerate(itertools.islice(fuzzed(seed=20), INPUTS)):
        said = check(case)
        accepted += said.error is None
        refused += said.error is not None
        if case.is_request and number % SHARE_FOR_H11 == 0:
            compared += compare_with_h11(case, said)
    assert accepted > INPUTS // 5
    assert refused > INPUTS // 5
    assert compared > INPUTS // 100


def compare_with_h11(case: Fuzzed, said: Outcome) -> int:
    """Each whole request that we read must be read by h11 with the same border and words. Returns how many were."""
    count = start = 0
    message, body = None, b""
    for event in said.events:
        match event:
            case Head():
                message, start, body = event.message, event.start, b""
            case Data():
                body += event.data
            case End():
                assert isinstance(message, Request)
                theirs = read_by_h11(case.stream[start : event.at])
                trailers = [(name.lower(), value) for name, value in event.trailers]
                headers = [lowered(name, value) for name, value in message.headers]
                assert theirs == (message.method, message.target, headers, body, trailers), case
                count += 1
    return count


def lowered(name: str, value: str) -> tuple[str, str]:
    """A header as h11 gives it: the name in lower case, and the coding, whose case means nothing, too."""
    name = name.lower()
    return name, value.lower() if name == "transfer-encoding" else value


def read_by_h11(stream: bytes) -> tuple[object, ...]:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(stream)
    request = connection.next_event()
    assert isinstance(request, h11.Request), stream
    body = b""
    while isinstance(event := connection.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage), stream
    assert connection.trailing_data == (b"", False), stream
    headers, trailers = (
        [(name.decode(), value.decode("latin-1")) for name, value in found]
        for found in (request.headers, event.headers)
    )
    return request.method.decode(), request.target.decode(), headers, body, trailers
