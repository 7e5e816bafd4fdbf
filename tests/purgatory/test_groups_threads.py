"""Several handlers at one group: whichever thread goes on at whichever line, and answers that ask back."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from coordinated import SESSION_MS, Desk, joined

from patterns.purgatory.groups import coordinator, group, hold, rebalance, registry
from patterns.purgatory.groups.hold import Hold
from patterns.wire.kafka import ErrorCode, Struct
from patterns.wire.kafka.apis.groups import HeartbeatResponse

sys.path.insert(0, str(Path(__file__).parents[1] / "wait"))
from interleavings import Interleavings  # the neighbours'

E = ErrorCode
SAID = HeartbeatResponse()


def test_answers_leave_when_the_lock_is_let_go_for_good_and_in_order() -> None:
    story: list[str] = []

    class Told:
        def __enter__(self) -> None:
            story.append("taken")

        def __exit__(self, *_: object) -> None:
            story.append("let go")

    held = Hold(Told(), lambda: story.append("settled"))
    with held:
        held.say(lambda _: story.append("first"), SAID)
        with held:
            held.say(lambda _: story.append("second"), SAID)
        story.append("changed")
    assert story == ["taken", "taken", "let go", "changed", "settled", "let go", "first", "second"]


def test_an_answer_that_fails_keeps_none_behind_it_back() -> None:
    held, given = Hold(nullcontext(), lambda: None), list[str]()

    def fail(_: Struct | None) -> None:
        raise ConnectionError("gone")

    def say_both() -> None:
        with held:
            held.say(fail, SAID)
            held.say(lambda _: given.append("second"), SAID)

    with pytest.raises(ConnectionError, match=r"^gone$"):
        say_both()
    assert given == ["second"]


def test_what_was_said_before_an_error_leaves_all_the_same() -> None:
    held, given = Hold(nullcontext(), lambda: None), list[str]()

    def say_and_fail() -> None:
        with held:
            held.say(lambda _: given.append("said"), SAID)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        say_and_fail()
    assert given == ["said"]


def test_an_answer_that_asks_the_next_question_at_once_finds_the_group_whole() -> None:
    desk = Desk()
    found: list[str] = []
    (first,) = desk.stable("a")
    other = desk.join("b")
    other.then = lambda answer: found.extend((desk.state, desk.beat(answer.member_id, 2).name, desk.state))
    assert desk.join("a", first).answer.generation_id == 2
    assert found == ["CompletingRebalance", "NONE", "CompletingRebalance"]
    assert desk.pending == {"DelayedHeartbeat": 2, "DelayedSync": 1}


MODULES = (coordinator, group, hold, rebalance, registry)


def forgotten_while_joined(lock: Any) -> Generator[Any, Any, None]:
    desk = Desk(lock=lock)
    (first,) = desk.stable("a")
    _, asked = yield [lambda: desk.leave(first), lambda: desk.join("b")]
    assert asked.answer in (joined("b-2", 1, "b-2", {"b-2": b"b"}), joined("b-2", 2, "b-2", {"b-2": b"b"}))
    assert [each.member_id for each in desk.coordinator.describe("g").members] == ["b-2"]


def two_join(lock: Any) -> Generator[Any, Any, None]:
    desk = Desk(lock=lock)
    both = yield [lambda: desk.join("a"), lambda: desk.join("b")]
    (leader,) = [asked for asked in both if asked.answers]
    assert leader.answer.generation_id == 1
    desk.join(leader.answer.member_id[0], leader.answer.member_id)
    assert {asked.answer.leader for asked in both} == {leader.answer.member_id}


def beat_and_expiry(lock: Any) -> Generator[Any, Any, None]:
    desk = Desk(lock=lock)
    (first,) = desk.stable("a")
    due_ms = desk.now_ms + SESSION_MS
    desk.now_ms = due_ms - 1
    code, expired = yield [lambda: desk.beat(first, 1), lambda: desk.purgatory.advance_clock(due_ms)]
    assert (code, expired, desk.state) in ((E.NONE, 0, "Stable"), (E.UNKNOWN_MEMBER_ID, 1, "Dead"))


def shared_out_while_joined(lock: Any) -> Generator[Any, Any, None]:
    desk = Desk(lock=lock)
    desk.join("a")
    synced, other = yield [lambda: desk.sync("a-1", 1, {"a-1": b"1"}), lambda: desk.join("b")]
    assert synced.error in (E.NONE, E.REBALANCE_IN_PROGRESS)
    assert other.is_parked
    assert desk.join("a", "a-1").answer == joined("a-1", 2, "a-1", {"a-1": b"a", "b-2": b"b"})
    assert other.answer == joined("b-2", 2, "a-1")


@pytest.mark.parametrize("scenario", [forgotten_while_joined, two_join, beat_and_expiry, shared_out_while_joined])
def test_two_who_meet_at_a_group_under_every_schedule_with_a_forced_switch(scenario: Any) -> None:
    assert Interleavings(*MODULES, preemptions=1).explore(scenario) > 20


def test_a_hundred_consumers_on_eight_threads_are_all_answered() -> None:
    desk = Desk(lock=threading.RLock)
    names = iter(range(100))

    def work() -> None:
        for name in names:
            desk.join(str(name), group_id=f"g{name % 3}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.advance(1_000_000)
    assert [len(asked.answers) for asked in desk.asked] == [1] * 100
    assert (desk.coordinator.groups, desk.purgatory.num_delayed) == ((), 0)
