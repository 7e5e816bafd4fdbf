"""Exactly once, and nothing lost, whichever thread goes on at whichever line.

All meetings of two, and of three, of those who can meet at one operation are run under every schedule with so many
forced switches. That this finds what it is for is shown in tests/wait/test_delayed_operation_planted.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator
from typing import Any

import pytest
from delayed_operations import Told
from interleavings import Interleavings

from patterns.wait import timing_wheel
from patterns.wait.delayed_operation import Purgatory, operation, purgatory
from patterns.wait.timing_wheel import LockedTimingWheel

CORE = (operation, purgatory)
WHO = ("watch", "event", "force", "expiry", "cancel", "purge")
Scenario = Callable[..., Generator[list[Callable[[], object]], list[Any], None]]


def meeting(who: tuple[str, ...], of: type[Told] = Told, at: type[Purgatory] = Purgatory) -> Scenario:
    """These meet at one operation that is watched under two keys; afterwards everything must add up."""

    def scenario(lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
        here, it = at(lock=lock), of(delay_ms=5)

        def event() -> int:
            it.ready = True
            return here.check_and_complete("a")

        actors: dict[str, Callable[[], object]] = {
            "watch": lambda: here.try_complete_else_watch(it, ["a", "b"], 0),
            "event": event,
            "force": it.force_complete,
            "expiry": lambda: here.advance_clock(10),
            "cancel": lambda: here.cancel_for_key("a"),
            "purge": here.purge,
        }
        if "watch" not in who:
            here.try_complete_else_watch(it, ["a", "b"], 0)
        results = yield [actors[name] for name in who]
        result = dict(zip(who, results, strict=True))
        claims = sum(int(result.get(name, 0)) for name in ("watch", "event", "force", "expiry"))
        assert claims == it.completed == it.hooks().count("on_complete"), "who says it won, whether it ended, how often"
        assert it.hooks().count("on_expiration") == result.get("expiry", 0)
        if "event" in who and "cancel" not in who:
            assert it.completed, "an event was lost"
        cancelled = result.get("cancel", [])
        if it.completed or cancelled:
            assert here.num_delayed == 0, "a time-out is left"
        is_to_expire = not it.completed and not cancelled
        assert here.advance_clock(1_000) == is_to_expire, "what was not cancelled expires, and nothing else"
        if not it.completed:
            it.ready = True
            assert here.check_and_complete("b") == 1, "its other key has forgotten it"
        here.purge()
        assert (here.watched, here.num_delayed, here.estimated_total) == (0, 0, 0)
        assert here._watchers_of == {}

    return scenario


@pytest.mark.parametrize("who", list(itertools.combinations(WHO, 2)), ids="-".join)
def test_1_to_17_two_who_meet_under_every_schedule_with_two_forced_switches(who: tuple[str, ...]) -> None:
    assert Interleavings(*CORE, preemptions=2).explore(meeting(who)) > 100


@pytest.mark.parametrize("who", list(itertools.combinations(WHO, 3)), ids="-".join)
def test_1_to_17_three_who_meet_under_every_schedule_with_a_forced_switch(who: tuple[str, ...]) -> None:
    assert Interleavings(*CORE, preemptions=1).explore(meeting(who)) > 100


@pytest.mark.soak
@pytest.mark.parametrize("number", [2, 3])
def test_1_to_17_those_meetings_with_a_forced_switch_more(number: int) -> None:
    for who in itertools.combinations(WHO, number):
        Interleavings(*CORE, preemptions=5 - number).explore(meeting(who))


@pytest.mark.parametrize(
    "who", [("force_complete", "force_complete"), ("force_complete", "expire"), ("expire", "expire", "force_complete")]
)
def test_1_and_2_one_wins_without_any_lock_whatever_the_bytecode_at_which_they_are_switched(who: list[str]) -> None:
    def scenario(_lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
        it = Told()
        won = yield [getattr(it, name) for name in who]
        assert sorted(won) == [False] * (len(who) - 1) + [True]
        assert it.hooks().count("on_complete") == 1
        assert it.hooks().count("on_expiration") == (who[won.index(True)] == "expire")

    assert Interleavings(operation, preemptions=4 - len(who), opcodes=True).explore(scenario) > 100


def two_walks(lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
    """Two threads check one key at a time when two operations have become ready and a third has not."""
    here, story = Purgatory(lock=lock), list[tuple[str, str]]()
    a, b, c = (Told(name, 5, story=story) for name in "abc")
    for each in (a, b, c):
        here.try_complete_else_watch(each, ["key"], 0)
    a.ready = c.ready = True
    counted = yield [lambda: here.check_and_complete("key")] * 2
    assert sum(counted) == 2
    assert [hook for hook, name in story if name != "b" and hook == "on_complete"] == ["on_complete"] * 2
    assert (here.watched, here.num_delayed) == (1, 1)


def test_24_two_walks_of_one_list_complete_and_count_each_operation_once() -> None:
    assert Interleavings(*CORE, preemptions=2).explore(two_walks) > 100


def emptied(at: type[Purgatory]) -> Scenario:
    def scenario(lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
        here, leaving, coming = at(lock=lock), Told("leaving", 5), Told("coming", 5)
        here.try_complete_else_watch(leaving, ["key"], 0)
        leaving.ready = True
        yield [
            lambda: here.check_and_complete("key"),
            lambda: here.try_complete_else_watch(coming, ["key"], 0),
        ]
        coming.ready = True
        assert here.check_and_complete("key") == 1, "it was added to a list that nobody looks at any more"
        assert here._watchers_of == {}

    return scenario


def test_27_and_28_nobody_is_added_to_a_list_that_is_being_removed() -> None:
    assert Interleavings(*CORE, preemptions=2).explore(emptied(Purgatory)) > 50


def test_35_two_who_watch_at_a_time_are_counted_as_two() -> None:
    def scenario(lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
        here = Purgatory(lock=lock)
        yield [lambda: here.try_complete_else_watch(Told(delay_ms=5), ["key"], 0)] * 2
        assert (here.watched, here.num_delayed, here.estimated_total) == (2, 2, 2)

    assert Interleavings(purgatory, preemptions=1, opcodes=True, only=["_watch"]).explore(scenario) > 50


def test_59_timers_are_added_cancelled_and_turned_at_a_time_and_none_is_lost() -> None:
    def scenario(lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
        wheel: LockedTimingWheel[str] = LockedTimingWheel(lock())
        leaving = wheel.add("leaving", 35)
        assert leaving is not None
        results = yield [lambda: wheel.add("coming", 38), leaving.cancel, lambda: wheel.advance_clock(30)]
        assert results[1:] == [True, []]
        assert (len(wheel), wheel.advance_clock(38), len(wheel)) == (1, ["coming"], 0)

    assert Interleavings(timing_wheel, preemptions=1).explore(scenario) > 50


@pytest.mark.parametrize("by", ["check", "expiry"])
def test_29_and_30_two_that_end_each_other_from_their_callbacks_do_not_wait_for_each_other(by: str) -> None:
    def scenario(lock: Any) -> Generator[list[Callable[[], object]], list[Any], None]:
        here = Purgatory(lock=lock)
        ends: dict[str, Callable[[str], object]] = {
            "check": here.check_and_complete,
            "expiry": lambda _key: here.advance_clock(10),
        }
        a, b = (Told(name, 0, in_complete=lambda other=other: ends[by](other)) for name, other in ("ab", "ba"))
        for each in (a, b):
            here.try_complete_else_watch(each, [each.name], 0)
            each.ready = True
        yield [lambda: here.check_and_complete("a"), lambda: here.check_and_complete("b")]
        assert [each.hooks().count("on_complete") for each in (a, b)] == [1, 1]

    assert Interleavings(*CORE, preemptions=2).explore(scenario) > 100
