"""Checking a key, and coming back while it is checked; the numbers are those of the behaviours of Kafka's purgatory."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

import pytest
from delayed_operations import Told

from patterns.wait.delayed_operation import Purgatory


def parked(purgatory: Purgatory, operation: Told, keys: Iterable[object], now_ms: int = 0) -> Told:
    assert not purgatory.try_complete_else_watch(operation, keys, now_ms)
    operation.story.clear()
    return operation


def test_22_a_key_that_nobody_watches_has_nothing_to_complete_and_nothing_is_made_for_it() -> None:
    purgatory = Purgatory()
    purgatory._watchers_of = MappingProxyType({})  # type: ignore[assignment]  # nothing can be put into it
    assert purgatory.check_and_complete("nobody") == 0


def test_23_and_24_a_check_goes_in_order_of_arrival_counts_its_own_and_leaves_the_rest_in_place() -> None:
    purgatory, story = Purgatory(), list[tuple[str, str]]()
    operations = [parked(purgatory, Told(name, 100, story=story), ["key"]) for name in "abcde"]
    a, b, _c, d, e = operations
    b.force_complete()
    a.ready = e.ready = d.ready = True
    story.clear()
    assert purgatory.check_and_complete("key") == 3
    assert story == [
        ("try_complete", "a"),
        ("on_complete", "a"),
        ("try_complete", "c"),
        ("try_complete", "d"),
        ("on_complete", "d"),
        ("try_complete", "e"),
        ("on_complete", "e"),
    ]
    assert (purgatory.watched, purgatory.num_delayed) == (1, 1)
    assert purgatory.check_and_complete("key") == 0


def test_25_and_26_other_keys_keep_their_entries_and_time_outs_are_counted_exactly() -> None:
    purgatory = Purgatory()
    one = parked(purgatory, Told("one", 100), ["a"])
    two = parked(purgatory, Told("two", 100), ["a", "b"])
    three = parked(purgatory, Told("three", 100), ["a", "b", "c"])
    assert (purgatory.watched, purgatory.num_delayed) == (6, 3)
    two.ready = True
    assert purgatory.check_and_complete("a") == 1
    assert (purgatory.watched, purgatory.num_delayed) == (5, 2)
    assert purgatory.check_and_complete("b") == 0
    assert (purgatory.watched, purgatory.num_delayed) == (4, 2)
    one.ready = three.ready = True
    assert purgatory.check_and_complete("a") == 2
    assert (purgatory.watched, purgatory.num_delayed) == (2, 0)
    assert [purgatory.check_and_complete("b"), purgatory.watched] == [0, 1]
    assert [purgatory.check_and_complete("c"), purgatory.watched] == [0, 0]


def test_25_and_26_the_counts_that_kafkas_own_test_of_the_purge_has() -> None:
    purgatory = Purgatory()
    keys = ["test1", "test2", "test3"]
    _one, two, three = (parked(purgatory, Told(str(n), 100_000), keys[:n]) for n in (1, 2, 3))
    assert (purgatory.num_delayed, purgatory.watched) == (3, 6)
    delayed = []
    for operation in (two, three):
        operation.ready = True
        assert operation.try_complete()
        delayed.append(purgatory.num_delayed)
    watched = []
    for key in keys:
        assert purgatory.check_and_complete(key) == 0
        watched.append(purgatory.watched)
    assert (delayed, watched) == ([2, 1], [4, 2, 1])


def test_27_an_empty_list_is_removed_by_a_check_a_purge_and_a_cancellation() -> None:
    purgatory = Purgatory()
    for end in ("check_and_complete", "purge", "cancel_for_key"):
        operation = parked(purgatory, Told(delay_ms=100), ["key"])
        operation.force_complete()
        assert list(purgatory._watchers_of) == ["key"]
        getattr(purgatory, end)(*["key"] * (end != "purge"))
        assert purgatory._watchers_of == {}


def test_27_and_28_a_list_that_is_filled_again_while_it_is_walked_stays() -> None:
    purgatory = Purgatory()
    second = Told("second", 100)
    first = Told("first", 100, in_complete=lambda: parked(purgatory, second, ["key"]))
    parked(purgatory, first, ["key"])
    first.ready = True
    assert purgatory.check_and_complete("key") == 1
    second.ready = True
    assert purgatory.check_and_complete("key") == 1
    assert purgatory._watchers_of == {}


def test_27_and_28_a_list_that_vanished_and_came_back_while_it_was_walked_is_not_the_same() -> None:
    purgatory = Purgatory()
    later = Told("later", 100)

    def cancel_and_watch() -> None:
        purgatory.cancel_for_key("key")
        parked(purgatory, later, ["key"])

    first = parked(purgatory, Told("first", 100, in_complete=cancel_and_watch), ["key"])
    first.ready = True
    assert purgatory.check_and_complete("key") == 1
    assert purgatory.watched == 1
    later.ready = True
    assert purgatory.check_and_complete("key") == 1


def test_29_to_complete_one_may_check_the_same_key_and_others() -> None:
    purgatory, counted = Purgatory(), list[int]()
    a = Told("a", 100, in_complete=lambda: counted.extend(purgatory.check_and_complete(key) for key in ("y", "x")))
    b, c = Told("b", 100), Told("c", 100)
    for operation, keys in ((a, "x"), (b, "xy"), (c, "x")):
        parked(purgatory, operation, keys)
    a.ready = b.ready = c.ready = True
    assert purgatory.check_and_complete("x") == 1
    assert counted == [1, 1]
    assert [operation.hooks().count("on_complete") for operation in (a, b, c)] == [1, 1, 1]
    assert (purgatory.watched, purgatory.num_delayed) == (0, 0)


def test_29_what_is_added_while_a_list_is_walked_is_not_tried_by_that_walk() -> None:
    purgatory = Purgatory()
    number = 0

    def again() -> None:
        nonlocal number
        number += 1
        operation = Told(str(number), 100, in_complete=again)
        parked(purgatory, operation, ["key"])
        operation.ready = True

    again()
    assert [purgatory.check_and_complete("key") for _ in range(3)] == [1, 1, 1]
    assert (number, purgatory.watched) == (4, 1)


def test_29_what_is_cancelled_while_a_list_is_walked_is_not_tried_by_that_walk() -> None:
    purgatory = Purgatory()
    cancelled: list[object] = []
    first = Told("first", 100, in_complete=lambda: cancelled.extend(purgatory.cancel_for_key("key")))
    second = Told("second", 100)
    for operation in (first, second):
        parked(purgatory, operation, ["key"])
    first.ready = second.ready = True
    assert purgatory.check_and_complete("key") == 1
    assert cancelled == [first, second]
    assert second.hooks() == []


def test_31_an_error_leaves_and_those_behind_it_are_not_tried_but_what_was_done_is_done() -> None:
    def fail() -> None:
        raise ConnectionError("gone")

    purgatory = Purgatory()
    a, b, c = (parked(purgatory, Told(name, 100), ["key"]) for name in "abc")
    a.ready = c.ready = True
    b.in_try = fail
    with pytest.raises(ConnectionError, match=r"^gone$"):
        purgatory.check_and_complete("key")
    assert (a.completed, b.completed, c.hooks()) == (True, False, [])
    assert (purgatory.watched, purgatory.num_delayed) == (2, 2)
    b.in_try = None
    assert purgatory.check_and_complete("key") == 1
    assert (b.completed, c.completed, purgatory.watched) == (False, True, 1)


def test_31_an_error_in_on_complete_leaves_an_ended_entry_for_the_next_check() -> None:
    def fail() -> None:
        raise ConnectionError("gone")

    purgatory = Purgatory()
    operation = parked(purgatory, Told(delay_ms=100, in_complete=fail), ["key"])
    operation.ready = True
    with pytest.raises(ConnectionError, match=r"^gone$"):
        purgatory.check_and_complete("key")
    assert (operation.completed, purgatory.watched, purgatory.num_delayed) == (True, 1, 0)
    assert purgatory.check_and_complete("key") == 0
    assert purgatory.watched == 0


def test_what_is_parked_is_shown_by_key_in_order_of_arrival_and_without_what_has_ended() -> None:
    purgatory = Purgatory()
    first, second, third = Told(), Told(), Told()
    for operation, keys in ((first, "ab"), (second, "a"), (third, "b")):
        purgatory.try_complete_else_watch(operation, keys, 0)
    assert purgatory.parked == {"a": (first, second), "b": (first, third)}
    first.force_complete()
    third.force_complete()
    assert purgatory.parked == {"a": (second,)}
    assert purgatory.watched == 4


def test_its_wheels_are_shown_with_what_runs_on_them() -> None:
    purgatory = Purgatory()
    purgatory.try_complete_else_watch(Told(delay_ms=5), ["a"], 0)
    purgatory.try_complete_else_watch(Told(delay_ms=500), ["a"], 0)
    assert [(wheel.tick_ms, sum(map(len, wheel.buckets))) for wheel in purgatory.wheels] == [(1, 1), (20, 0), (400, 1)]
