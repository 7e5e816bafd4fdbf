"""Putting an operation aside; the numbers are those of the behaviours of Kafka's purgatory it was built to."""

from __future__ import annotations

import pytest
from delayed_operations import CountedLock, Told

from patterns.wait.delayed_operation import AlreadyWatched, NoKeys, Purgatory, PurgatoryError


def counts(purgatory: Purgatory) -> tuple[int, int, int]:
    return purgatory.watched, purgatory.num_delayed, purgatory.estimated_total


@pytest.mark.parametrize("keys", [(), [], iter(())])
def test_11_no_keys_are_refused_before_anything_else(keys: object) -> None:
    purgatory, operation = Purgatory(), Told(delay_ms=5, ready=True)
    with pytest.raises(NoKeys) as refused:
        purgatory.try_complete_else_watch(operation, keys, 0)  # type: ignore[arg-type]  # the table's are iterables
    assert str(refused.value) == "expected at least one key to watch <it> under, got none; nothing could complete it"
    assert isinstance(refused.value, PurgatoryError)
    assert operation.hooks() == []
    assert counts(purgatory) == (0, 0, 0)


def test_12_it_is_tried_then_watched_under_all_keys_then_counted_then_tried_again_then_timed() -> None:
    purgatory = Purgatory()
    seen: list[tuple[int, int, int]] = []
    operation = Told(delay_ms=5, in_try=lambda: seen.append(counts(purgatory)))
    assert not purgatory.try_complete_else_watch(operation, ["a", "b", "c"], 0)
    assert seen == [(0, 0, 0), (3, 0, 1)]
    assert counts(purgatory) == (3, 1, 1)


def test_13_an_event_between_the_first_look_and_the_watching_is_seen_by_the_second_try() -> None:
    purgatory, found = Purgatory(), list[int]()

    def event() -> None:
        operation.ready, operation.after_look = True, None
        found.append(purgatory.check_and_complete("key"))

    operation = Told(delay_ms=5, after_look=event)
    assert purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert found == [0]
    assert operation.hooks() == ["try_complete", "try_complete", "on_complete"]


def test_13_an_event_after_the_watching_is_seen_by_check_and_complete() -> None:
    purgatory, found = Purgatory(), list[int]()
    operation = Told(delay_ms=5)

    def event() -> None:
        if operation.hooks().count("try_complete") == 2:  # the second look found nothing either
            operation.ready, operation.after_look = True, None
            found.append(purgatory.check_and_complete("key"))

    operation.after_look = event
    assert not purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert found == [1]
    assert operation.hooks().count("on_complete") == 1


@pytest.mark.parametrize("keys", [1, 2, 50])
def test_14_it_is_tried_twice_however_many_keys_there_are(keys: int) -> None:
    operation = Told()
    Purgatory().try_complete_else_watch(operation, range(keys), 0)
    assert operation.hooks() == ["try_complete", "try_complete"]


def test_15_what_is_complete_at_the_first_try_is_never_watched_timed_or_counted() -> None:
    purgatory, operation = Purgatory(), Told(delay_ms=5, ready=True)
    assert purgatory.try_complete_else_watch(operation, ["a", "b"], 0)
    assert operation.hooks() == ["try_complete", "on_complete"]
    assert counts(purgatory) == (0, 0, 0)
    assert operation.timer_entry is None


def test_16_what_is_complete_at_the_second_try_is_never_timed_and_stays_on_its_lists_until_they_are_touched() -> None:
    purgatory = Purgatory()
    operation = Told(delay_ms=5)
    operation.after_look = lambda: setattr(operation, "ready", True)
    assert purgatory.try_complete_else_watch(operation, ["a", "b"], 0)
    assert operation.timer_entry is None
    assert counts(purgatory) == (2, 0, 1)
    assert purgatory.check_and_complete("a") == 0
    assert purgatory.watched == 1
    assert purgatory.purge() == 1
    assert counts(purgatory) == (0, 0, 0)


@pytest.mark.parametrize("at_try", [1, 2])
def test_17_when_somebody_else_completes_it_meanwhile_the_answer_is_false_and_no_time_out_stays(at_try: int) -> None:
    purgatory = Purgatory()
    operation = Told(delay_ms=5)

    def elsewhere() -> None:
        if operation.hooks().count("try_complete") == at_try:
            assert operation.force_complete()

    operation.after_look = elsewhere
    assert not purgatory.try_complete_else_watch(operation, ["a", "b"], 0)
    assert operation.completed
    assert purgatory.num_delayed == 0
    purgatory.purge()
    assert counts(purgatory) == (0, 0, 0)


def test_18_once_it_is_completed_it_is_not_put_under_its_remaining_keys() -> None:
    class Completing(str):
        """A key that completes the operation when it is looked up."""

        __slots__ = ()

        def __hash__(self) -> int:
            operation.force_complete()
            return super().__hash__()

    purgatory, operation = Purgatory(), Told(delay_ms=5)
    assert not purgatory.try_complete_else_watch(operation, ["a", Completing("b"), "c", "d"], 0)
    assert purgatory.watched == 2
    assert purgatory.purge() == 2
    assert counts(purgatory) == (0, 0, 0)


def test_18_what_is_over_before_it_comes_is_watched_nowhere() -> None:
    purgatory, operation = Purgatory(), Told(delay_ms=5, ready=True)
    operation.force_complete()
    assert not purgatory.try_complete_else_watch(operation, ["a", "b"], 0)
    assert operation.hooks() == ["on_complete"]
    assert (purgatory.watched, purgatory.num_delayed) == (0, 0)
    assert purgatory.next_expiration_ms is None, "not even an empty bucket waits for its time"


def test_19_the_time_out_counts_from_the_time_that_is_given() -> None:
    purgatory, operation = Purgatory(start_ms=1_000), Told(delay_ms=500)
    purgatory.try_complete_else_watch(operation, ["key"], 1_234)
    assert purgatory.advance_clock(1_733) == 0
    assert purgatory.advance_clock(1_734) == 1


def test_20_with_the_timer_disabled_it_is_watched_and_completed_but_never_expires() -> None:
    purgatory = Purgatory(timer_enabled=False)
    operation = Told(delay_ms=5)
    purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert counts(purgatory) == (1, 0, 1)
    assert purgatory.next_expiration_ms is None
    assert purgatory.advance_clock(1_000_000) == 0
    operation.ready = True
    assert purgatory.check_and_complete("key") == 1


def test_20_an_operation_without_a_delay_never_expires_either() -> None:
    purgatory, operation = Purgatory(), Told()
    purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert counts(purgatory) == (1, 0, 1)
    assert purgatory.advance_clock(1_000_000) == 0
    assert not operation.completed


def test_21_two_operations_under_one_key_are_independent() -> None:
    purgatory = Purgatory()
    first, second = Told("first", 5), Told("second", 5)
    for operation in (first, second):
        purgatory.try_complete_else_watch(operation, ["key"], 0)
    second.ready = True
    assert purgatory.check_and_complete("key") == 1
    assert (first.completed, second.completed) == (False, True)
    assert (purgatory.watched, purgatory.num_delayed) == (1, 1)


def test_21_an_operation_twice_under_one_key_is_watched_twice_and_completes_once() -> None:
    purgatory, operation = Purgatory(), Told(delay_ms=5)
    purgatory.try_complete_else_watch(operation, ["key", "key"], 0)
    assert counts(purgatory) == (2, 1, 1)
    operation.ready = True
    assert purgatory.check_and_complete("key") == 1
    assert operation.hooks().count("on_complete") == 1
    assert (purgatory.watched, purgatory.num_delayed) == (0, 0)


def test_7_both_tries_are_made_under_the_lock_that_the_purgatory_gave_it() -> None:
    locks: list[CountedLock] = []

    def new() -> CountedLock:
        locks.append(CountedLock())
        return locks[-1]

    purgatory = Purgatory(lock=new)
    of_the_purgatory = list(locks)
    held: list[tuple[bool, list[int]]] = []
    operation = Told(delay_ms=5)

    def look() -> None:
        held.append((operation.lock in locks[len(of_the_purgatory) :], [lock.depth for lock in of_the_purgatory]))
        assert operation.lock is locks[-1]
        assert locks[-1].depth >= 1

    operation.in_try = operation.in_complete = operation.in_expiration = look
    purgatory.try_complete_else_watch(operation, ["key"], 0)
    purgatory.check_and_complete("key")
    purgatory.advance_clock(5)
    assert operation.hooks() == ["try_complete"] * 3 + ["on_complete", "on_expiration"]
    assert held == [(True, [0, 0])] * 5, "an operation's own lock, and none of the purgatory's"
    assert {lock.depth for lock in locks} == {0}


def test_an_operation_is_watched_once() -> None:
    purgatory, operation = Purgatory(), Told(delay_ms=5)
    purgatory.try_complete_else_watch(operation, ["a"], 0)
    for other in (purgatory, Purgatory()):
        with pytest.raises(AlreadyWatched) as refused:
            other.try_complete_else_watch(operation, ["b"], 0)
        assert str(refused.value) == "expected an operation that was never watched, got <it>; make a new one"
    assert counts(purgatory) == (1, 1, 1)
    assert operation.hooks() == ["try_complete", "try_complete"]


def test_31_an_error_of_the_first_try_leaves_and_nothing_is_watched() -> None:
    def fail() -> None:
        raise ConnectionError("gone")

    purgatory, operation = Purgatory(), Told(delay_ms=5, in_try=fail)
    with pytest.raises(ConnectionError, match=r"^gone$"):
        purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert counts(purgatory) == (0, 0, 0)


def test_31_after_an_error_of_the_second_try_it_is_watched_without_a_time_out() -> None:
    def fail_later() -> None:
        if operation.hooks().count("try_complete") == 2:
            raise ConnectionError("gone")

    purgatory = Purgatory()
    operation = Told(delay_ms=5, in_try=fail_later)
    with pytest.raises(ConnectionError, match=r"^gone$"):
        purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert counts(purgatory) == (1, 0, 1)
    assert operation.force_complete()
    assert purgatory.purge() == 1
