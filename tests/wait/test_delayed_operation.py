"""One delayed operation; the numbers are those of the behaviours of Kafka's purgatory it was built to."""

from __future__ import annotations

import pytest
from delayed_operations import CountedLock, Told

from patterns.wait.delayed_operation import DelayedOperation, Purgatory


def test_1_and_2_of_many_who_force_it_only_the_first_wins_and_it_completes_once() -> None:
    operation = Told()
    assert [operation.force_complete() for _ in range(5)] == [True, False, False, False, False]
    assert operation.hooks() == ["on_complete"]


@pytest.mark.parametrize("first", ["force_complete", "expire", "safe_try_complete"])
@pytest.mark.parametrize("second", ["force_complete", "expire", "safe_try_complete"])
def test_1_and_2_whatever_comes_second_loses(first: str, second: str) -> None:
    operation = Told(ready=True)
    assert getattr(operation, first)() is True
    before = operation.hooks()
    assert getattr(operation, second)() is False
    assert operation.hooks() == before
    assert before.count("on_complete") == 1


def test_1_and_2_a_call_from_within_on_complete_loses() -> None:
    won: list[bool] = []
    operation = Told(in_complete=lambda: won.extend([operation.force_complete(), operation.expire()]))
    assert operation.force_complete()
    assert won == [False, False]
    assert operation.hooks() == ["on_complete"]


def test_3_inside_on_complete_it_is_completed_and_its_time_out_is_gone() -> None:
    purgatory = Purgatory()
    seen: list[object] = []
    operation = Told(delay_ms=100, in_complete=lambda: seen.extend([operation.completed, purgatory.num_delayed]))
    purgatory.try_complete_else_watch(operation, ["key"], 0)
    assert (operation.completed, purgatory.num_delayed) == (False, 1)
    operation.force_complete()
    assert seen == [True, 0]


def test_3_the_time_out_is_cancelled_when_it_is_already_marked_completed() -> None:
    story: list[object] = []

    class Timer:
        def cancel(self) -> None:
            story.append(("cancel", operation.completed, operation.hooks()))

    operation = Told()
    operation.timer_entry = Timer()  # type: ignore[assignment]  # all that is asked of it is to be cancelled
    assert operation.force_complete()
    assert story == [("cancel", True, [])]
    assert operation.hooks() == ["on_complete"]


def test_4_expiry_calls_on_expiration_after_on_complete() -> None:
    operation = Told()
    assert operation.expire()
    assert operation.hooks() == ["on_complete", "on_expiration"]


def test_4_what_was_completed_never_has_on_expiration_called() -> None:
    operation = Told()
    operation.force_complete()
    assert not operation.expire()
    assert operation.hooks() == ["on_complete"]


def test_5_an_operation_that_is_over_is_not_tried_again() -> None:
    operation = Told(ready=True)
    assert operation.safe_try_complete()
    assert not operation.safe_try_complete()
    assert operation.hooks() == ["try_complete", "on_complete"]


def test_5_try_complete_itself_is_false_when_somebody_else_was_first() -> None:
    operation = Told(ready=True)
    operation.force_complete()
    assert operation.try_complete() is False


def test_6_on_complete_is_called_the_same_whatever_the_cause() -> None:
    by_event, by_time = Told(ready=True), Told()
    assert by_event.safe_try_complete()
    assert by_time.expire()
    assert [hook for hook in by_event.hooks() if hook != "try_complete"] == ["on_complete"]
    assert by_time.hooks()[:1] == ["on_complete"]


def test_8_when_the_first_try_succeeds_the_action_is_not_done() -> None:
    done: list[str] = []
    operation = Told(ready=True)
    assert operation.safe_try_complete_or_else(lambda: done.append("action"))
    assert (done, operation.hooks()) == ([], ["try_complete", "on_complete"])


@pytest.mark.parametrize("becomes_ready", [True, False])
def test_8_when_it_fails_the_action_is_done_once_and_the_second_try_decides(becomes_ready: bool) -> None:
    operation = Told()

    def action() -> None:
        operation.story.append(("action", "it"))
        operation.ready = becomes_ready

    assert operation.safe_try_complete_or_else(action) is becomes_ready
    assert operation.hooks() == ["try_complete", "action", "try_complete"] + ["on_complete"] * becomes_ready


def test_8_both_tries_and_the_action_are_under_one_hold_of_the_lock() -> None:
    lock, seen = CountedLock(), list[int]()
    operation = Told(in_try=lambda: seen.append(lock.depth))
    operation.lock = lock
    left: list[int] = []

    class Leaving(CountedLock):
        def __exit__(self, *error: object) -> None:
            super().__exit__(*error)
            left.append(self.depth)

    lock = Leaving()
    operation.lock = lock
    operation.safe_try_complete_or_else(lambda: seen.append(lock.depth))
    assert all(depth >= 1 for depth in seen)
    assert left.count(0) == 1
    assert left[-1] == 0


def test_8_what_the_action_raises_leaves_and_there_is_no_second_try() -> None:
    operation = Told()

    def action() -> None:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match=r"^gone$"):
        operation.safe_try_complete_or_else(action)
    assert operation.hooks() == ["try_complete"]


def test_7_and_9_the_lock_is_held_while_it_is_tried_and_while_it_expires_and_is_free_afterwards() -> None:
    lock, seen = CountedLock(), list[tuple[str, int]]()
    operation = Told(
        in_try=lambda: seen.append(("try_complete", lock.depth)),
        in_complete=lambda: seen.append(("on_complete", lock.depth)),
        in_expiration=lambda: seen.append(("on_expiration", lock.depth)),
    )
    operation.lock = lock
    operation.safe_try_complete()
    operation.expire()
    assert seen == [("try_complete", 1), ("on_complete", 1), ("on_expiration", 1)]
    assert (lock.taken, lock.depth) == (2, 0)


def test_7_the_one_who_forces_it_from_outside_takes_no_lock() -> None:
    operation = Told()
    operation.lock = lock = CountedLock()
    assert operation.force_complete()
    assert lock.taken == 0


def test_10_to_cancel_the_time_out_completes_nothing() -> None:
    purgatory = Purgatory()
    operation = Told(delay_ms=100)
    purgatory.try_complete_else_watch(operation, ["key"], 0)
    operation.cancel()
    assert (operation.completed, purgatory.num_delayed) == (False, 0)
    assert purgatory.advance_clock(1000) == 0
    assert operation.force_complete()


def test_an_error_in_on_complete_leaves_and_the_operation_is_over_all_the_same() -> None:
    def fail() -> None:
        raise ConnectionError("gone")

    operation = Told(in_complete=fail)
    with pytest.raises(ConnectionError, match=r"^gone$"):
        operation.expire()
    assert operation.completed
    assert not operation.expire()
    assert operation.hooks() == ["on_complete"]


def test_an_operation_has_all_three_hooks() -> None:
    assert DelayedOperation.__abstractmethods__ == {"try_complete", "on_complete", "on_expiration"}
