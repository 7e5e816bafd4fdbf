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


def test_a_watcher_is_told_of_every_event_from_then_on_until_it_is_unwatched() -> None:
    log, heard = log_of(b"before"), []
    unwatch = log.watch(heard.append)
    assert log.watchers == 1
    told = [log.append(b"first", 1.0), log.append(b"second", 2.0)]
    unwatch()
    unwatch()
    assert log.watchers == 0
    log.append(b"after", 3.0)
    assert heard == told


def test_the_same_callback_may_watch_twice_and_leave_once() -> None:
    log, heard = Log(), []
    leave, _ = log.watch(heard.append), log.watch(heard.append)
    leave()
    log.append(b"a", 0.0)
    assert len(heard) == 1


def test_the_event_is_in_the_log_when_a_watcher_hears_of_it() -> None:
    log, read = Log(), []
    log.watch(lambda event: read.append(log.read(event.offset)))
    event = log.append(b"a", 0.0)
    assert read == [[event]]


def test_a_watcher_that_fails_keeps_nobody_from_being_told() -> None:
    log, heard = Log(), []

    def fail(event: Event) -> None:
        raise RuntimeError(f"no use for {event.offset}")

    log.watch(heard.append)
    log.watch(fail)
    log.watch(heard.append)
    with pytest.raises(ExceptionGroup) as caught:
        log.append(b"a", 0.0)
    assert [str(error) for error in caught.value.exceptions] == ["no use for 0"]
    assert caught.value.message == "the events are in the log and every other watcher was told, but some failed"
    assert heard == [log[0], log[0]]
    with pytest.raises(ExceptionGroup):
        log.append(b"b", 1.0)
    assert heard[2:] == [log[1], log[1]]


def test_a_watcher_may_leave_or_send_another_away_while_it_is_told() -> None:
    log, heard = Log(), []
    leave = []

    def first(event: Event) -> None:
        heard.append(("first", event.offset))
        for unwatch in leave:
            unwatch()

    leave.append(log.watch(first))
    leave.append(log.watch(lambda event: heard.append(("second", event.offset))))
    log.watch(lambda event: heard.append(("third", event.offset)))
    log.append(b"a", 0.0)
    log.append(b"b", 0.0)
    assert heard == [("first", 0), ("third", 0), ("third", 1)]


def test_who_begins_to_watch_while_an_event_is_told_hears_of_the_next() -> None:
    log, heard = Log(), []
    log.watch(lambda event: log.watch(heard.append) if event.offset == 0 else None)
    log.append(b"a", 0.0)
    log.append(b"b", 0.0)
    assert heard == [log[1]]


def test_what_a_watcher_appends_is_told_after_the_event_in_hand() -> None:
    log, heard = Log(), []
    log.watch(lambda event: log.append(b"echo", 0.0) if event.payload == b"call" else None)
    log.watch(heard.append)
    log.append(b"call", 0.0)
    assert [event.payload for event in heard] == [b"call", b"echo"]


@given(st.lists(st.sampled_from(["append", "watch", "unwatch"]), max_size=60))
def test_a_watcher_hears_exactly_what_is_appended_while_it_watches(moves) -> None:
    log, watching, over = Log(), [], []
    for move in moves:
        if move == "append":
            log.append(b"", 0.0)
        elif move == "watch":
            heard = []
            watching.append((log.watch(heard.append), log.next_offset, heard))
        elif watching:
            unwatch, since, heard = watching.pop(0)
            unwatch()
            over.append((heard, log.read(since)))
    over += [(heard, log.read(since)) for _, since, heard in watching]
    assert all(heard == expected for heard, expected in over)
    assert log.watchers == len(watching)
