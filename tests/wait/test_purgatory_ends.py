"""Purging, cancelling and expiring; the numbers are those of the behaviours of Kafka's purgatory."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from delayed_operations import Told

from patterns.wait.delayed_operation import Purgatory


def parked(purgatory: Purgatory, operation: Told, keys: Iterable[object], now_ms: int = 0) -> Told:
    assert not purgatory.try_complete_else_watch(operation, keys, now_ms)
    operation.story.clear()
    return operation


def test_32_a_purge_comes_when_more_than_the_interval_may_have_ended() -> None:
    purgatory = Purgatory(purge_interval=3)
    for number in range(4):
        assert purgatory.maybe_purge() == 0
        assert purgatory.watched == 2 * number
        parked(purgatory, Told(str(number), 100), ["a", "b"]).force_complete()
    assert purgatory.maybe_purge() == 8
    assert (purgatory.watched, purgatory.estimated_total) == (0, 0)


def test_32_the_interval_is_a_thousand_unless_said_otherwise() -> None:
    assert Purgatory().purge_interval == 1000


def test_33_after_a_purge_the_entries_are_those_of_pending_operations() -> None:
    purgatory = Purgatory()
    operations = [parked(purgatory, Told(str(n), 100), range(n, n + 3)) for n in range(20)]
    for operation in operations[::2]:
        operation.force_complete()
    assert purgatory.purge() == 30
    assert (purgatory.watched, purgatory.estimated_total, purgatory.num_delayed) == (30, 10, 10)
    assert all(not operation.completed for watchers in purgatory._watchers_of.values() for operation in watchers)
    assert purgatory.purge() == 0


def test_33_an_entry_that_was_there_twice_is_dropped_twice() -> None:
    purgatory = Purgatory()
    parked(purgatory, Told(delay_ms=100), ["key", "key", "other"]).force_complete()
    assert (purgatory.watched, purgatory.purge(), purgatory.watched) == (3, 3, 0)


def test_34_what_lies_about_after_a_turn_is_bounded_by_the_interval() -> None:
    purgatory = Purgatory(purge_interval=10)
    most = 0
    for number in range(200):
        parked(purgatory, Told(str(number), 100), [number % 7]).force_complete()
        purgatory.maybe_purge()
        most = max(most, purgatory.watched, len(purgatory._ended))
    assert most == 10


def test_35_the_estimate_rises_once_an_operation_and_does_not_fall_when_it_ends() -> None:
    purgatory = Purgatory()
    operation = parked(purgatory, Told(delay_ms=100), "abc")
    assert purgatory.estimated_total == 1
    operation.force_complete()
    assert purgatory.estimated_total == 1
    purgatory.purge()
    assert purgatory.estimated_total == 0


def test_36_a_cancelled_key_gives_its_operations_in_order_without_a_callback() -> None:
    purgatory = Purgatory()
    one = parked(purgatory, Told("one", 100), ["a"])
    two = parked(purgatory, Told("two", 100), ["a"])
    three = parked(purgatory, Told("three", 100), ["b"])
    assert purgatory.cancel_for_key("a") == [one, two]
    assert (purgatory.num_delayed, purgatory.watched) == (1, 1)
    assert [one.hooks(), two.hooks(), three.hooks()] == [[], [], []]
    assert (one.completed, two.completed) == (False, False)
    assert purgatory.cancel_for_key("a") == []
    assert purgatory.check_and_complete("a") == 0


def test_36_nobody_watches_an_unknown_key() -> None:
    assert Purgatory().cancel_for_key("unknown") == []


def test_37_what_was_cancelled_under_one_key_is_completed_by_another_but_never_expires() -> None:
    purgatory = Purgatory()
    operation = parked(purgatory, Told(delay_ms=100), ["a", "b"])
    assert purgatory.cancel_for_key("a") == [operation]
    assert purgatory.advance_clock(1_000_000) == 0
    operation.ready = True
    assert purgatory.check_and_complete("b") == 1
    assert operation.hooks() == ["try_complete", "on_complete"]
    assert purgatory.purge() == 0


def test_37_nor_does_it_expire_when_it_was_due_already_and_waited_for_its_turn() -> None:
    purgatory = Purgatory()
    first = Told("first", 100, in_complete=lambda: purgatory.cancel_for_key("b"))
    second = Told("second", 100)
    parked(purgatory, first, ["a"])
    parked(purgatory, second, ["b"])
    assert purgatory.advance_clock(100) == 1
    assert second.hooks() == []


def test_37_nor_when_it_was_cancelled_before_its_time_out_was_set() -> None:
    purgatory = Purgatory()
    operation = Told(delay_ms=100)
    operation.after_look = lambda: purgatory.cancel_for_key("key")
    purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert purgatory.num_delayed == 0
    assert purgatory.advance_clock(1_000) == 0


@pytest.mark.parametrize("delay_ms", [0, -5])
def test_41_what_has_no_time_left_expires_at_the_next_turn_and_not_in_the_call_that_brings_it(delay_ms: int) -> None:
    purgatory = Purgatory(start_ms=1_000)
    operation = parked(purgatory, Told(delay_ms=delay_ms), ["key"], 1_000)
    assert not operation.completed
    assert (purgatory.num_delayed, purgatory.next_expiration_ms) == (0, 1_000)
    assert purgatory.advance_clock(1_000) == 1
    assert operation.hooks() == ["on_complete", "on_expiration"]
    assert purgatory.next_expiration_ms is None


def test_41_what_was_completed_meanwhile_does_not_expire() -> None:
    purgatory = Purgatory()
    operation = parked(purgatory, Told(delay_ms=0), ["key"])
    operation.ready = True
    assert purgatory.check_and_complete("key") == 1
    assert purgatory.advance_clock(0) == 0
    assert operation.hooks() == ["try_complete", "on_complete"]


def test_41_callbacks_that_bring_more_with_no_time_left_do_not_keep_the_clock_for_ever() -> None:
    purgatory, brought = Purgatory(), 0

    def again() -> None:
        nonlocal brought
        brought += 1
        if brought < 100:
            parked(purgatory, Told(delay_ms=0, in_complete=again), ["key"])

    again()
    assert [purgatory.advance_clock(0), purgatory.advance_clock(0)] == [1, 1]


def test_51_what_is_due_expires_in_order_of_time_then_of_arrival_and_the_clock_says_when() -> None:
    purgatory, story = Purgatory(), list[tuple[str, str]]()
    for name, delay_ms in (("late", 19), ("a", 15), ("b", 15), ("never", 100), ("c", 15)):
        parked(purgatory, Told(name, delay_ms, story=story), ["key"])
    assert purgatory.next_expiration_ms == 15
    story.clear()
    assert purgatory.advance_clock(19) == 4
    assert story == [(hook, name) for name in ("a", "b", "c", "late") for hook in ("on_complete", "on_expiration")]
    assert (purgatory.num_delayed, purgatory.watched) == (1, 5)
    assert purgatory.purge() == 4


def test_51_when_a_callback_raises_the_ones_behind_it_are_still_due() -> None:
    def fail() -> None:
        raise ConnectionError("gone")

    purgatory = Purgatory()
    first = parked(purgatory, Told("first", 10, in_complete=fail), ["key"])
    second = parked(purgatory, Told("second", 10), ["key"])
    with pytest.raises(ConnectionError, match=r"^gone$"):
        purgatory.advance_clock(10)
    assert (first.completed, second.completed) == (True, False)
    assert purgatory.next_expiration_ms == 10
    assert purgatory.advance_clock(10) == 1
    assert (second.completed, purgatory.next_expiration_ms) == (True, None)


def test_41_a_turn_within_a_turn_expires_each_once() -> None:
    purgatory, inner = Purgatory(), list[int]()
    operations = [Told("first", 10, in_complete=lambda: inner.append(purgatory.advance_clock(10)))]
    operations += [Told(name, 10) for name in ("second", "third")]
    for operation in operations:
        parked(purgatory, operation, ["key"])
    assert purgatory.advance_clock(10) == 1
    assert inner == [2]
    assert [operation.hooks().count("on_complete") for operation in operations] == [1, 1, 1]
