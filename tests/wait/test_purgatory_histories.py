"""Random histories: the purgatory beside a model of plain lists, and callbacks that come back to it."""

from __future__ import annotations

import random

import pytest
from delayed_operations import Told
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from patterns.wait.delayed_operation import Purgatory

KEYS = st.sampled_from("abcde")


class BesideLists(RuleBasedStateMachine):
    """The model: a list of operations a key, a dict of time-outs, each looked through from end to end."""

    purge_interval = 5

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_000
        self.purgatory = Purgatory(self.now_ms, purge_interval=self.purge_interval)
        self.lists: dict[str, list[Told]] = {}
        self.due_ms: dict[Told, int] = {}  # in order of arrival
        self.estimated_total = 0
        self.all: list[Told] = []
        self.ended: list[tuple[Told, bool]] = []  # (which, by time?), in order, as the model has it
        self.story: list[tuple[str, str]] = []

    def end(self, operation: Told, *, by_time: bool = False) -> None:
        self.due_ms.pop(operation, None)
        self.ended.append((operation, by_time))

    def is_over(self, operation: Told) -> bool:
        return any(operation is each for each, _ in self.ended)

    @rule(
        keys=st.lists(KEYS, min_size=1, max_size=4),
        delay_ms=st.one_of(st.none(), st.integers(-1, 30), st.integers(0, 10_000)),
        ready_at=st.sampled_from([0, 1, 2]),
    )
    def watch(self, keys: list[str], delay_ms: int | None, ready_at: int) -> None:
        operation = Told(str(len(self.all)), delay_ms, ready=ready_at == 1, story=self.story)
        if ready_at == 2:
            operation.after_look = lambda: setattr(operation, "ready", True)
        self.all.append(operation)
        assert self.purgatory.try_complete_else_watch(operation, keys, self.now_ms) == (ready_at != 0)
        if ready_at != 1:
            for key in keys:
                self.lists.setdefault(key, []).append(operation)
            self.estimated_total += 1
        if ready_at:
            self.end(operation)
        elif delay_ms is not None:
            self.due_ms[operation] = max(self.now_ms + delay_ms, self.now_ms)

    @precondition(lambda self: self.all)
    @rule(data=st.data())
    def becomes_ready(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.all)).ready = True

    @rule(key=KEYS)
    def check(self, key: str) -> None:
        there = list(dict.fromkeys(self.lists.get(key, [])))
        completed = [each for each in there if each.ready and not self.is_over(each)]
        before = len(self.story)
        assert self.purgatory.check_and_complete(key) == len(completed)
        told = [name for hook, name in self.story[before:] if hook == "on_complete"]
        assert told == [each.name for each in completed]
        for operation in completed:
            self.end(operation)
        self.lists[key] = [each for each in self.lists.get(key, []) if not self.is_over(each)]

    @rule(key=KEYS)
    def cancel(self, key: str) -> None:
        cancelled = list(dict.fromkeys(self.lists.pop(key, [])))
        assert self.purgatory.cancel_for_key(key) == cancelled
        for operation in cancelled:
            self.due_ms.pop(operation, None)

    @precondition(lambda self: self.all)
    @rule(data=st.data())
    def force(self, data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(self.all))
        assert operation.force_complete() == (not self.is_over(operation))
        if not self.is_over(operation):
            self.end(operation)

    @rule(step_ms=st.one_of(st.integers(0, 20), st.integers(0, 5_000)))
    def advance(self, step_ms: int) -> None:
        self.now_ms += step_ms
        due = [each for each, at_ms in self.due_ms.items() if at_ms <= self.now_ms]
        before = len(self.story)
        assert self.purgatory.advance_clock(self.now_ms) == len(due)
        told = self.story[before:]
        assert [hook for hook, _ in told] == ["on_complete", "on_expiration"] * len(due)
        assert {name for _, name in told} == {each.name for each in due}
        for operation in due:
            self.end(operation, by_time=True)
        assert self.purgatory.maybe_purge() == self.purge_of_the_model()

    def purge_of_the_model(self, *, always: bool = False) -> int:
        if not always and self.estimated_total - self.delayed() <= self.purge_interval:
            return 0
        before = self.entries()
        self.lists = {key: [each for each in there if not self.is_over(each)] for key, there in self.lists.items()}
        self.estimated_total = self.delayed()
        return before - self.entries()

    @rule()
    def purge(self) -> None:
        assert self.purgatory.purge() == self.purge_of_the_model(always=True)

    def entries(self) -> int:
        return sum(map(len, self.lists.values()))

    def delayed(self) -> int:
        """Time-outs that run: what is due already waits for the next turn and is not counted."""
        return sum(each.timer_entry is not None for each in self.due_ms)

    @invariant()
    def counts_agree(self) -> None:
        assert self.purgatory.watched == self.entries()
        assert self.purgatory.num_delayed == self.delayed()
        assert self.purgatory.estimated_total == self.estimated_total
        assert set(self.purgatory._watchers_of) == {key for key, there in self.lists.items() if there}

    @invariant()
    def the_next_turn_is_not_missed(self) -> None:
        nearest = min(self.due_ms.values(), default=None)
        if nearest is not None:
            assert self.purgatory.next_expiration_ms is not None
            assert self.purgatory.next_expiration_ms <= nearest

    @invariant()
    def each_ended_once_and_by_its_cause(self) -> None:
        for operation in self.all:
            causes = [by_time for each, by_time in self.ended if each is operation]
            hooks = [hook for hook in operation.hooks() if hook != "try_complete"]
            expected = ["on_complete"] * len(causes) + ["on_expiration"] * sum(causes)
            assert (hooks, operation.completed) == (expected, bool(causes))


class PurgedAllTheTime(BesideLists):
    """Every turn purges."""

    purge_interval = 0


histories = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestBesideLists = BesideLists.TestCase
TestBesideLists.settings = histories
TestPurgedAllTheTime = PurgedAllTheTime.TestCase
TestPurgedAllTheTime.settings = histories


@pytest.mark.parametrize("seed", range(30))
def test_29_callbacks_that_come_back_at_random_lose_nothing_and_end_nothing_twice(seed: int) -> None:
    draw = random.Random(seed)
    purgatory, operations, now_ms = Purgatory(purge_interval=20), list[Told](), 0
    claimed: list[int] = []  # not a sum: what a call returns is added after its callbacks have added theirs
    depth = 0

    def one_thing() -> None:
        """Anything that a user may do, from within any hook."""
        nonlocal depth, now_ms
        if depth > 4 or len(operations) > 400:
            return
        depth += 1
        match draw.randrange(7):
            case 0 | 1:
                operation = Told(str(len(operations)), draw.choice([None, 0, 3, 50]), ready=draw.random() < 0.2)
                operation.in_complete = operation.in_expiration = operation.after_look = now_and_then
                operations.append(operation)
                keys = [draw.randrange(6) for _ in range(draw.randrange(1, 4))]
                claimed.append(purgatory.try_complete_else_watch(operation, keys, now_ms))
            case 2:
                for operation in draw.sample(operations, min(3, len(operations))):
                    operation.ready = True
                claimed.append(purgatory.check_and_complete(draw.randrange(6)))
            case 3 if operations:
                claimed.append(draw.choice(operations).force_complete())
            case 4:
                now_ms += draw.randrange(10)
                claimed.append(purgatory.advance_clock(now_ms))
            case 5:
                purgatory.maybe_purge() if draw.random() < 0.5 else purgatory.purge()
            case 6 if draw.random() < 0.1:
                purgatory.cancel_for_key(draw.randrange(6))
        depth -= 1

    def now_and_then() -> None:
        if draw.random() < 0.6:
            one_thing()

    for _ in range(300):
        one_thing()
    depth = 99  # from here on, callbacks do nothing
    now_ms += 1_000
    claimed.append(purgatory.advance_clock(now_ms))
    for operation in operations:
        operation.ready = True
    claimed.append(sum(purgatory.check_and_complete(key) for key in range(6)))
    left = [operation for operation in operations if not operation.completed]
    assert all(operation._cancelled for operation in left), "only what was cancelled under all its keys is left"
    assert sum(claimed) == len(operations) - len(left)
    for operation in operations:
        assert operation.hooks().count("on_complete") == operation.completed
        assert operation.hooks().count("on_expiration") <= operation.completed
    purgatory.purge()
    assert (purgatory.watched, purgatory.num_delayed, purgatory.estimated_total) == (0, 0, 0)
    assert purgatory._watchers_of == {}
    assert len(operations) > 50
