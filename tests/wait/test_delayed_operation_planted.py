"""Faults that everybody who writes a purgatory makes once, planted: the explored interleavings find each of them.

What is not found here would not be found in our own purgatory either.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Hashable
from typing import Any

import pytest
from delayed_operations import Told
from interleavings import Deadlock, Found, Interleavings, Stuck
from test_purgatory_interleavings import CORE, Scenario, emptied, meeting

from patterns.wait.delayed_operation import DelayedOperation, Purgatory

HERE = sys.modules[__name__]
AT_ONCE = Generator[list[Callable[[], object]], list[Any], None]


class ChecksThenSets(Told):
    """Two may look before either has marked it."""

    def force_complete(self) -> bool:
        if self.completed:
            return False
        self.completed = True
        if self.timer_entry is not None:
            self.timer_entry.cancel()
        if self._ended is not None:
            self._ended.append(self)
        self.on_complete()
        return True


class TriesOnce(Told):
    """Trusts that nothing happens between its look and its being watched."""

    def safe_try_complete_or_else(self, action: Callable[[], object]) -> bool:
        if self.safe_try_complete():
            return True
        action()
        return False


class FindsThenAdds(Purgatory):
    """Adds to a list that it found a moment ago."""

    def _watch(self, operation: DelayedOperation, keys: tuple[Hashable, ...]) -> None:
        operation._keys = keys
        operation._ended = self._ended
        for key in keys:
            with self._watchers_lock:
                watchers = self._watchers_of.setdefault(key, {})
            with self._watchers_lock:
                watchers[operation] = 1
        self._estimated_total += 1


class RemovesUnseen(Purgatory):
    """Removes the list that it saw empty, without another look under the lock."""

    def _remove_if_empty(self, key: Hashable, watchers: object) -> None:
        with self._watchers_lock:
            self._watchers_of.pop(key, None)


class ForgetsTheTimer(Purgatory):
    """Does not look again whether it was completed, or cancelled, while its time-out was being set."""

    def _set_timer(self, operation: DelayedOperation, expiration_ms: int) -> None:
        entry = self._wheel.add(operation, expiration_ms)
        operation.timer_entry = entry


class WatchesTheEnded(Purgatory):
    """Puts what has ended on its lists when the purge has already been there."""

    def _watch(self, operation: DelayedOperation, keys: tuple[Hashable, ...]) -> None:
        operation._keys = keys
        operation._ended = self._ended
        with self._watchers_lock:
            for key in keys:
                watchers = self._watchers_of.setdefault(key, {})
                watchers[operation] = 1
            self._estimated_total += 1


class WatchesWithoutALock(Purgatory):
    """Two may make the list of one key."""

    def _watch(self, operation: DelayedOperation, keys: tuple[Hashable, ...]) -> None:
        operation._keys = keys
        operation._ended = self._ended
        for key in keys:
            watchers = self._watchers_of.get(key)
            if watchers is None:
                watchers = self._watchers_of[key] = {}
            watchers[operation] = 1
        self._estimated_total += 1


class DoesNotLookBeforeItWaits(Told):
    """Waits for the lock of what has ended: from a callback, perhaps in a circle."""

    def expire(self) -> bool:
        assert self.lock is not None
        with self.lock:
            return self._expire()


def both_watch(at: type[Purgatory]) -> Scenario:
    def scenario(lock: Any) -> AT_ONCE:
        here = at(lock=lock)
        yield [lambda: here.try_complete_else_watch(Told(delay_ms=5), ["key"], 0)] * 2
        assert here.watched == 2, "an operation is on no list"

    return scenario


def both_expire_the_other(of: type[Told]) -> Scenario:
    def scenario(lock: Any) -> AT_ONCE:
        here = Purgatory(lock=lock)
        both = [of(name, 0, in_complete=lambda: here.advance_clock(10)) for name in "ab"]
        for each in both:
            here.try_complete_else_watch(each, [each.name], 0)
            each.ready = True
        yield [lambda: here.check_and_complete("a"), lambda: here.check_and_complete("b")]

    return scenario


PLANTED: list[tuple[str, Scenario, str]] = [
    ("checks then sets", meeting(("force", "expiry"), ChecksThenSets), "who says it won, whether it ended, how often"),
    ("tries once", meeting(("watch", "event"), TriesOnce), "an event was lost"),
    ("finds, then adds", emptied(FindsThenAdds), "it was added to a list that nobody looks at any more"),
    ("removes unseen", emptied(RemovesUnseen), "it was added to a list that nobody looks at any more"),
    ("forgets the timer", meeting(("watch", "event"), at=ForgetsTheTimer), "a time-out is left"),
    ("forgets a cancellation", meeting(("watch", "cancel"), at=ForgetsTheTimer), "a time-out is left"),
    ("watches the ended", meeting(("watch", "force", "purge"), at=WatchesTheEnded), "assert (2, 0, 0) == (0, 0, 0)"),
    ("watches without a lock", both_watch(WatchesWithoutALock), "an operation is on no list"),
    ("waits in a circle", both_expire_the_other(DoesNotLookBeforeItWaits), "expected a thread that can go on"),
]


@pytest.mark.parametrize(("scenario", "said"), [pytest.param(*row[1:], id=row[0]) for row in PLANTED])
def test_a_planted_race_is_found_and_says_what_went_wrong(scenario: Scenario, said: str) -> None:
    with pytest.raises(Found) as found:
        Interleavings(*CORE, HERE, preemptions=2).explore(scenario)
    assert said in str(found.value.cause)


def test_a_found_schedule_can_be_run_again_and_is_told_line_by_line() -> None:
    scenario, steps = meeting(("force", "expiry"), ChecksThenSets), Interleavings(*CORE, HERE, preemptions=1)
    with pytest.raises(Found) as found:
        steps.explore(scenario)
    with pytest.raises(Found) as again:
        steps.replay(scenario, found.value.schedule)
    assert again.value.schedule == found.value.schedule
    told = str(again.value).split("\n")
    assert told[0].startswith("AssertionError: who says it won")
    assert any("is stopped before force_complete:" in line and "self.completed = True" in line for line in told)


def test_what_needs_one_switch_is_not_found_with_none() -> None:
    assert Interleavings(*CORE, HERE, preemptions=0).explore(meeting(("force", "expiry"), ChecksThenSets)) == 2


def test_schedules_are_counted_as_theory_has_it() -> None:
    """Two threads of n steps each and no bound: every way to shuffle them, (2n)! / n!²."""
    order: list[str] = []

    def two_steps(name: str) -> None:
        order.append(name)
        order.append(name)

    seen: set[str] = set()

    def scenario(_lock: Any) -> AT_ONCE:
        order.clear()
        yield [lambda: two_steps("a"), lambda: two_steps("b")]
        seen.add("".join(order))

    Interleavings(HERE, preemptions=9, only=["two_steps"]).explore(scenario)
    assert seen == {"aabb", "abab", "abba", "baab", "baba", "bbaa"}


def test_a_deadlock_is_found_and_leaves_no_thread_behind() -> None:
    def scenario(lock: Any) -> AT_ONCE:
        a, b = lock(), lock()

        def one_then(first: Any, second: Any) -> None:
            with first, second:
                pass

        yield [lambda: one_then(a, b), lambda: one_then(b, a)]

    before = threading.active_count()
    with pytest.raises(Found) as found:
        Interleavings(HERE, preemptions=1, opcodes=True, only=["one_then"]).explore(scenario)
    assert isinstance(found.value.cause, Deadlock)
    assert threading.active_count() == before


def test_an_endless_loop_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interleavings.MOST_STEPS", 100)

    def spin() -> None:
        while True:
            pass

    def scenario(_lock: Any) -> AT_ONCE:
        yield [spin]

    with pytest.raises(Found) as found:
        Interleavings(HERE, only=["spin"]).explore(scenario)
    assert isinstance(found.value.cause, Stuck)
    assert "expected an end within 100 steps; spin:" in str(found.value.cause)
