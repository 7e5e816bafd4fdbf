"""The log: offsets from 0, in the order of time, and plain errors for what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patterns.wait.log import Event, Log, LogError, NegativeLimit, NegativeOffset, OffsetBeyondEnd
from patterns.wait.log import TimeGoesBackwards as Backwards


def log_of(*payloads: bytes) -> Log:
    log = Log()
    for second, payload in enumerate(payloads):
        log.append(payload, float(second))
    return log


def test_an_event_gets_the_next_offset_counted_from_0() -> None:
    log = Log()
    assert log.next_offset == 0
    assert log.append(b"first", 1.5) == Event(0, 1.5, b"first")
    assert log.append(b"second", 1.5) == Event(1, 1.5, b"second")
    assert log.next_offset == len(log) == 2


def test_reading_starts_at_an_offset_and_stops_at_a_limit() -> None:
    log = log_of(b"a", b"b", b"c")
    assert [event.payload for event in log.read(1)] == [b"b", b"c"]
    assert [event.payload for event in log.read(0, limit=2)] == [b"a", b"b"]
    assert log.read(0, limit=0) == []
    assert log[2] == list(log)[2] == Event(2, 2.0, b"c")


def test_a_reader_that_has_everything_gets_nothing_and_no_error() -> None:
    assert Log().read(0) == []
    assert log_of(b"a").read(1) == []


def test_what_is_read_can_be_changed_without_changing_the_log() -> None:
    log = log_of(b"a", b"b")
    log.read(0).clear()
    assert len(log.read(0)) == 2


def test_a_payload_that_its_owner_changes_later_stays_as_it_was() -> None:
    log, buffer = Log(), bytearray(b"before")
    log.append(buffer, 0.0)
    buffer[:] = b"after!"
    assert log[0].payload == b"before"


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda log: log.read(-1), NegativeOffset, "offset -1 is below 0: the first event has offset 0"),
        (lambda log: log[-1], NegativeOffset, "offset -1 is below 0: the first event has offset 0"),
        (
            lambda log: log.read(3),
            OffsetBeyondEnd,
            "offset 3 is beyond the end: the next event will have offset 2; read from there, or from 0",
        ),
        (lambda log: log[2], OffsetBeyondEnd, "no event has offset 2 yet: it will be the next one's"),
        (
            lambda log: log.read(0, -1),
            NegativeLimit,
            "limit -1 is below 0: leave it out to read to the end",
        ),
        (
            lambda log: log.append(b"c", 0.5),
            Backwards,
            "event 2 happened at 0.5 s, but event 1 at 1.0 s: append in the order of time, by one clock",
        ),
        (
            lambda log: log.append(b"c", float("nan")),
            Backwards,
            "event 2 happened at nan s, but event 1 at 1.0 s: append in the order of time, by one clock",
        ),
    ],
)
def test_what_is_refused_is_named_and_changes_nothing(call, error, text) -> None:
    log = log_of(b"a", b"b")
    before = list(log)
    with pytest.raises(error) as caught:
        call(log)
    assert str(caught.value) == text
    assert isinstance(caught.value, LogError)
    assert list(log) == before


def test_a_client_beyond_the_end_is_told_where_the_end_is() -> None:
    with pytest.raises(OffsetBeyondEnd) as caught:
        log_of(b"a").read(7)
    assert caught.value.next_offset == 1


@given(st.lists(st.binary(max_size=3), max_size=20), st.integers(0, 25), st.none() | st.integers(0, 25))
def test_reading_is_slicing_a_list(payloads, offset, limit) -> None:
    log = log_of(*payloads)
    if offset > len(payloads):
        with pytest.raises(OffsetBeyondEnd):
            log.read(offset, limit)
    else:
        wanted = payloads[offset:] if limit is None else payloads[offset : offset + limit]
        assert [event.payload for event in log.read(offset, limit)] == wanted


@given(st.lists(st.integers(1, 5), min_size=1, max_size=10))
def test_a_client_that_comes_back_by_offset_misses_nothing_and_sees_nothing_twice(limits) -> None:
    log, seen = log_of(*(bytes([n]) for n in range(30))), []
    for limit in limits:
        seen += log.read(len(seen), limit)
    assert seen == list(log)[: len(seen)]
