"""Random histories of the timing wheel, beside a list sorted by time."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from patterns.wait.timing_wheel import TimerEntry, TimingWheel


class BesideASortedList(RuleBasedStateMachine):
    """The oracle: a list sorted by time, of which the due ones are taken from the front."""

    tick_ms, size = 1, 20

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = 1_000
        self.wheel: TimingWheel[int] = TimingWheel(self.tick_ms, self.size, self.now_ms)
        self.live: dict[int, tuple[int, TimerEntry[int]]] = {}
        self.over: list[TimerEntry[int]] = []
        self.number = 0

    def due(self, expiration_ms: int) -> bool:
        return expiration_ms // self.tick_ms <= self.now_ms // self.tick_ms

    @rule(delay_ms=st.one_of(st.integers(-10, 50), st.integers(0, 10_000), st.integers(0, 10_000_000)))
    def add(self, delay_ms: int) -> None:
        self.number += 1
        entry = self.wheel.add(self.number, self.now_ms + delay_ms)
        if entry is not None:
            self.live[self.number] = (self.now_ms + delay_ms, entry)
        else:
            assert self.due(self.now_ms + delay_ms)

    @precondition(lambda self: self.live)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.live)))
        _, entry = self.live.pop(number)
        assert self.wheel.cancel(entry)
        self.over.append(entry)

    @precondition(lambda self: self.over)
    @rule(data=st.data())
    def cancel_again(self, data: st.DataObject) -> None:
        assert not self.wheel.cancel(data.draw(st.sampled_from(self.over)))

    @rule(step_ms=st.one_of(st.integers(-100, 100), st.integers(0, 100_000), st.integers(0, 5_000_000)))
    def advance(self, step_ms: int) -> None:
        told_ms = self.now_ms + step_ms
        self.now_ms = max(self.now_ms, told_ms)
        fired = self.wheel.advance_clock(told_ms)
        if step_ms < 0:
            assert set(fired) <= {n for n, (at_ms, _) in self.live.items() if self.due(at_ms)}
        else:
            assert sorted(fired) == sorted(n for n, (at_ms, _) in self.live.items() if self.due(at_ms))
        at = [self.live[number][0] // self.tick_ms for number in fired]
        assert at == sorted(at), "bucket by bucket, in order of time"
        self.over += [self.live.pop(number)[1] for number in fired]

    @invariant()
    def counts_what_lives(self) -> None:
        assert len(self.wheel) == len(self.live)
        assert sum(len(bucket) for wheel in self.wheel.wheels for bucket in wheel.buckets) == len(self.live)
        nearest = min((at_ms for at_ms, _ in self.live.values()), default=None)
        if nearest is not None:
            assert self.wheel.next_expiration_ms is not None
            assert self.wheel.next_expiration_ms <= nearest


class WithCoarseTicks(BesideASortedList):
    """Ticks of 7 ms, three buckets a wheel: everything cascades all the time."""

    tick_ms, size = 7, 3


histories = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestBesideASortedList = BesideASortedList.TestCase
TestBesideASortedList.settings = histories
TestWithCoarseTicks = WithCoarseTicks.TestCase
TestWithCoarseTicks.settings = histories
