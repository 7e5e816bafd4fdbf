"""The hierarchical timing wheel; the numbers are those of the behaviours of Kafka's timer it was built to."""

from __future__ import annotations

import random

import pytest

from patterns.wait.timing_wheel import LockedTimingWheel, TimerEntry, TimingWheel, TimingWheelError


def drive(wheel: TimingWheel[object], until_ms: int) -> dict[object, int]:
    """Advance bucket by bucket, as a reaper would; when each task fired."""
    fired: dict[object, int] = {}
    while wheel.next_expiration_ms is not None and wheel.next_expiration_ms <= until_ms:
        now_ms = wheel.next_expiration_ms
        for task in wheel.advance_clock(now_ms):
            assert task not in fired
            fired[task] = now_ms
    return fired


def level(wheel: TimingWheel[object], entry: TimerEntry[object]) -> int:
    """In which wheel the entry lies, counted from 1."""
    (found,) = (n for n, each in enumerate(wheel.wheels, 1) if any(entry.bucket is bucket for bucket in each.buckets))
    return found


def test_38_a_wheel_covers_its_buckets_and_each_further_wheel_that_times_its_size() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    wheel.add("far", 3_000_000)
    assert [each.tick_ms for each in wheel.wheels] == [1, 20, 400, 8_000, 160_000]
    assert [each.span_ms for each in wheel.wheels] == [20, 400, 8_000, 160_000, 3_200_000]


@pytest.mark.parametrize(("tick_ms", "start_ms", "begins_ms"), [(1, 7, 7), (10, 19, 10), (10, 20, 20), (25, 99, 75)])
def test_39_the_start_is_rounded_down_to_the_tick(tick_ms: int, start_ms: int, begins_ms: int) -> None:
    assert TimingWheel(tick_ms, 20, start_ms).now_ms == begins_ms


@pytest.mark.parametrize(("expiration_ms", "is_due"), [(-5, True), (0, True), (9, True), (10, False)])
def test_40_what_is_due_within_the_present_tick_is_refused(expiration_ms: int, is_due: bool) -> None:
    wheel: TimingWheel[str] = TimingWheel(10, 20, 0)
    assert (wheel.add("task", expiration_ms) is None) == is_due
    assert len(wheel) == (not is_due)


def test_40_a_coarser_wheel_is_made_once_and_only_when_it_is_needed() -> None:
    wheel: TimingWheel[int] = TimingWheel(1, 20, 0)
    wheel.add(1, 19)
    assert len(wheel.wheels) == 1
    wheel.add(2, 20)
    second = wheel.wheels[1]
    wheel.add(3, 399)
    assert wheel.wheels[1] is second
    assert len(wheel.wheels) == 2


def test_42_a_bucket_falls_due_at_the_start_of_its_range() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    wheel.add("task", 399)
    assert wheel.next_expiration_ms == 380


def test_43_and_44_a_bucket_is_queued_once_a_round_however_many_timers_it_has() -> None:
    wheel: TimingWheel[int] = TimingWheel(1, 20, 0)
    draw = random.Random(44)
    for number in range(5_000):
        wheel.add(number, draw.randrange(1, 100_000))
    assert len(wheel) == 5_000
    assert len(wheel._due) <= 20 * len(wheel.wheels)
    assert len(wheel._due) == len({id(bucket) for _, _, bucket in wheel._due})


def test_45_every_bucket_that_is_due_is_drained_at_once() -> None:
    wheel: TimingWheel[int] = TimingWheel(1, 20, 0)
    for due_ms in (500, 3, 30_000, 19, 20):
        wheel.add(due_ms, due_ms)
    assert wheel.advance_clock(30_000) == [3, 19, 20, 500, 30_000]
    assert len(wheel) == 0


def test_47_with_ticks_of_a_millisecond_nothing_fires_early_or_late() -> None:
    wheel: TimingWheel[object] = TimingWheel(1, 20, 0)
    dues = random.Random(47).sample(range(1, 4_000_000), 3_000)
    for due_ms in dues:
        wheel.add(due_ms, due_ms)
    fired = drive(wheel, 4_000_000)
    assert fired == {due_ms: due_ms for due_ms in dues}


def test_47_with_coarser_ticks_a_timer_fires_up_to_a_tick_early_and_never_late() -> None:
    wheel: TimingWheel[object] = TimingWheel(10, 20, 0)
    dues = random.Random(48).sample(range(10, 100_000), 2_000)
    for due_ms in dues:
        wheel.add(due_ms, due_ms)
    early = {due_ms - fired_ms for due_ms, fired_ms in drive(wheel, 100_000).items()}  # type: ignore[operator]  # all ints
    assert (min(early), max(early)) == (0, 9)


def test_48_after_an_idle_minute_a_short_timer_comes_down_from_a_coarse_wheel_and_fires_on_time() -> None:
    wheel: TimingWheel[object] = TimingWheel(1, 20, 0)
    assert wheel.advance_clock(60_000) == []
    assert wheel.now_ms == 0, "a wheel turns when a bucket falls due, not with the time"
    entry = wheel.add("soon", 60_005)
    assert entry is not None
    levels = [level(wheel, entry)]
    while (fired := wheel.advance_clock(wheel.next_expiration_ms or 0)) == []:
        levels.append(level(wheel, entry))
    assert (levels, fired, wheel.now_ms) == ([4, 3, 1], ["soon"], 60_005)


@pytest.mark.parametrize(("due_ms", "levels"), [(500, [3, 2]), (30_000, [4, 3]), (8_001, [4, 1]), (7, [1])])
def test_49_the_way_down(due_ms: int, levels: list[int]) -> None:
    wheel: TimingWheel[object] = TimingWheel(1, 20, 0)
    entry = wheel.add("task", due_ms)
    assert entry is not None
    way = [level(wheel, entry)]
    while wheel.advance_clock(wheel.next_expiration_ms or 0) == []:
        way.append(level(wheel, entry))
    assert way == levels
    assert wheel.now_ms == due_ms


def test_50_all_that_is_due_fires_once_in_whatever_order_it_came() -> None:
    wheel: TimingWheel[tuple[int, int]] = TimingWheel(1, 3, 0)
    tasks = [(due_ms, copy) for due_ms in range(500) for copy in range(1 + due_ms % 2)]
    random.Random(50).shuffle(tasks)
    refused = [task for task in tasks if wheel.add(task, task[0]) is None]
    assert sorted(refused) == [(0, 0)]
    assert sorted(wheel.advance_clock(499) + refused) == sorted(tasks)


def test_51_timers_of_one_bucket_fire_in_the_order_they_came() -> None:
    wheel: TimingWheel[int] = TimingWheel(1, 20, 0)
    for number in (3, 1, 2):
        wheel.add(number, 15)
    assert wheel.advance_clock(15) == [3, 1, 2]


def test_52_and_57_a_timer_is_cancelled_once_and_is_no_longer_counted() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    entry = wheel.add("task", 1_000)
    assert entry is not None
    assert [len(wheel), wheel.cancel(entry), len(wheel), wheel.cancel(entry), len(wheel)] == [1, True, 0, False, 0]
    assert wheel.advance_clock(1_000) == []


def test_52_and_55_an_entry_cancels_itself_once_wherever_it_has_moved_to() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    moved, fired = wheel.add("moved", 399), wheel.add("fired", 380)
    assert moved is not None
    assert fired is not None
    assert wheel.advance_clock(380) == ["fired"]
    assert [moved.cancel(), moved.cancel(), fired.cancel()] == [True, False, False]
    assert (len(wheel), wheel.advance_clock(399)) == (0, [])


class CountedLock:
    """Not a lock: how often one was entered and left."""

    def __init__(self) -> None:
        self.entered = self.left = 0

    def __enter__(self) -> None:
        self.entered += 1

    def __exit__(self, *_error: object) -> None:
        self.left += 1


def test_59_under_a_lock_each_add_cancel_and_turn_is_alone_and_the_callers_work_is_not_under_it() -> None:
    lock = CountedLock()
    wheel: TimingWheel[str] = LockedTimingWheel(lock, 1, 20, 0)
    entry = wheel.add("task", 30)
    assert entry is not None
    assert (lock.entered, lock.left) == (1, 1)
    wheel.add("other", 30)
    entry.cancel()
    assert (lock.entered, lock.left) == (3, 3)
    assert wheel.advance_clock(30) == ["other"]
    assert (lock.entered, lock.left) == (4, 4)


def test_53_a_cancelled_timer_leaves_its_empty_bucket_in_the_queue_until_its_time() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    entry = wheel.add("task", 15)
    assert entry is not None
    wheel.cancel(entry)
    assert wheel.next_expiration_ms == 15
    assert wheel.advance_clock(15) == []
    assert (wheel.next_expiration_ms, wheel.now_ms) == (None, 15)


def test_55_a_timer_that_has_fired_cannot_be_cancelled() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    entry = wheel.add("task", 5)
    assert entry is not None
    assert wheel.advance_clock(5) == ["task"]
    assert not wheel.cancel(entry)
    assert len(wheel) == 0


def test_57_to_move_between_wheels_changes_no_count() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    wheel.add("task", 399)
    assert wheel.advance_clock(380) == []
    assert len(wheel) == 1


def test_58_a_bucket_serves_again_in_the_next_round() -> None:
    wheel: TimingWheel[int] = TimingWheel(1, 20, 0)
    for turn in range(5):
        wheel.add(turn, turn * 20 + 7)
        assert wheel.advance_clock(turn * 20 + 7) == [turn]
        assert {bucket.expiration_ms for each in wheel.wheels for bucket in each.buckets} == {-1}


def test_a_clock_that_goes_backwards_changes_nothing() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    wheel.add("early", 100)
    wheel.add("late", 200)
    assert wheel.advance_clock(150) == ["early"]
    assert wheel.advance_clock(10) == []
    assert (wheel.now_ms, len(wheel)) == (100, 1)
    assert wheel.advance_clock(200) == ["late"]


def test_an_idle_year_costs_a_step_a_wheel() -> None:
    wheel: TimingWheel[str] = TimingWheel(1, 20, 0)
    year_ms = 365 * 24 * 3600 * 1000
    wheel.add("next year", year_ms)
    steps = 0
    while wheel.next_expiration_ms is not None:
        wheel.advance_clock(wheel.next_expiration_ms)
        steps += 1
    assert steps <= len(wheel.wheels)


@pytest.mark.parametrize(
    ("tick_ms", "size", "text"),
    [(0, 20, "expected a tick of at least 1 ms, got 0"), (1, 1, "expected at least 2 buckets a wheel, got 1")],
)
def test_what_makes_no_wheel_is_refused(tick_ms: int, size: int, text: str) -> None:
    with pytest.raises(TimingWheelError) as refused:
        TimingWheel(tick_ms, size)
    assert str(refused.value) == text
