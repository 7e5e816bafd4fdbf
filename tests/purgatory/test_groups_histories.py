"""Random histories: consumers come, answer, fall silent, restart and go, in any order, and some things always hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from coordinated import Asked, Desk
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from patterns.purgatory.groups import GroupState
from patterns.purgatory.groups.operations import DelayedHeartbeat, DelayedJoin, DelayedSync
from patterns.wire.kafka import ErrorCode

E = ErrorCode
PARTITIONS = range(5)
LEAST_MS = 6_000


@dataclass(eq=False)
class Consumer:
    """One that keeps to the protocol: it does the next thing when a rule lets it. `names`: who its ids are."""

    desk: Desk
    name: str
    version: int
    instance_id: str | None
    wish: int = 0
    member_id: str = ""
    generation_id: int = -1
    joining: Asked | None = None
    syncing: Asked | None = None
    owned: tuple[int, ...] = ()
    told: list[tuple[int, str, str, int]] = field(default_factory=list)  # generation, id, leader, members named
    given: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def step(self) -> None:
        """What it would do next: read an answer that has come, or ask."""
        if self.joining is not None:
            if self.joining.answers:
                self.read_join(self.joining)
        elif self.syncing is not None:
            if self.syncing.answers:
                self.read_sync(self.syncing)
        elif self.generation_id < 0:
            self.join()
        else:
            self.heed(self.desk.beat(self.member_id, self.generation_id, instance_id=self.instance_id))

    def join(self) -> None:
        protocols = {"range": f"{self.name}{self.wish}".encode(), "robin": b""}
        self.joining = self.desk.join(
            self.name,
            self.member_id,
            version=self.version,
            instance_id=self.instance_id,
            session_ms=LEAST_MS,
            rebalance_ms=9_000,
            protocols=protocols,
        )

    def read_join(self, asked: Asked) -> None:
        self.joining = None
        answer = asked.answer
        if answer.error_code:
            self.heed(asked.error, answer.member_id)
            return
        self.member_id, self.generation_id = answer.member_id, answer.generation_id
        self.told.append((self.generation_id, self.member_id, answer.leader, len(answer.members)))
        shares: dict[str, list[int]] = {each.member_id: [] for each in answer.members}
        for number in PARTITIONS if shares else ():
            shares[sorted(shares)[number % len(shares)]].append(number)
        assignments = {key: bytes(numbers) for key, numbers in shares.items()}
        self.syncing = self.desk.sync(self.member_id, self.generation_id, assignments, instance_id=self.instance_id)

    def read_sync(self, asked: Asked) -> None:
        self.syncing = None
        if asked.error:
            self.heed(asked.error)
        else:
            self.owned = tuple(asked.answer.assignment)
            self.given.append((self.generation_id, self.owned))

    def heed(self, code: ErrorCode, member_id: str = "") -> None:
        if code == E.MEMBER_ID_REQUIRED:
            self.member_id = member_id
        elif code == E.UNKNOWN_MEMBER_ID:
            self.member_id, self.generation_id = "", -1
        elif code in (E.ILLEGAL_GENERATION, E.REBALANCE_IN_PROGRESS, E.FENCED_INSTANCE_ID):
            self.generation_id = -1
        else:
            assert code == E.NONE, code


class Histories(RuleBasedStateMachine):
    """A group of up to six; static ones have the names S0 and S1."""

    delay_ms = 0

    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk(initial_rebalance_delay_ms=self.delay_ms)
        self.desk.commit(0)  # so that the group is never forgotten, and no generation's number comes twice
        self.alive: list[Consumer] = []
        self.all: list[Consumer] = []

    @precondition(lambda self: len(self.alive) < 6)
    @rule(version=st.sampled_from([0, 3, 4, 5]), static=st.sampled_from([None, None, "S0", "S1"]))
    def come(self, version: int, static: str | None) -> None:
        if static is not None:
            self.alive = [each for each in self.alive if each.instance_id != static]  # a restart
        consumer = Consumer(self.desk, f"c{len(self.all)}", 5 if static else version, static)
        self.alive.append(consumer)
        self.all.append(consumer)
        consumer.step()

    @precondition(lambda self: self.alive)
    @rule(data=st.data(), steps=st.integers(1, 4))
    def act(self, data: st.DataObject, steps: int) -> None:
        consumer = data.draw(st.sampled_from(self.alive))
        for _ in range(steps):
            consumer.step()

    @rule(rounds=st.integers(1, 3))
    def all_act(self, rounds: int) -> None:
        for _ in range(rounds):
            for consumer in self.alive:
                consumer.step()

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def ask_twice(self, data: st.DataObject) -> None:
        """On another connection, because the first seems dead: the answer to the first is thrown away."""
        consumer = data.draw(st.sampled_from(self.alive))
        if consumer.joining is not None and not consumer.joining.answers:
            consumer.join()

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def wish_for_something_else(self, data: st.DataObject) -> None:
        consumer = data.draw(st.sampled_from(self.alive))
        if consumer.joining is None and consumer.syncing is None:
            consumer.wish += 1
            consumer.join()

    @precondition(lambda self: self.alive)
    @rule(data=st.data(), politely=st.booleans())
    def go(self, data: st.DataObject, politely: bool) -> None:
        consumer = data.draw(st.sampled_from(self.alive))
        self.alive.remove(consumer)
        if politely and consumer.member_id:
            self.desk.leave_together((consumer.member_id, consumer.instance_id))

    @rule(step_ms=st.sampled_from([1, 1_000, 2_999, 5_999, 6_000, 9_000, 400_000]))
    def wait(self, step_ms: int) -> None:
        self.desk.advance(step_ms)

    @invariant()
    def no_question_is_answered_twice(self) -> None:
        assert all(len(asked.answers) <= 1 for asked in self.desk.asked)

    @invariant()
    def a_generation_has_one_leader_who_alone_is_told_of_the_members(self) -> None:
        told: dict[int, set[str]] = defaultdict(set)
        for consumer in self.all:
            for generation_id, member_id, leader, named in consumer.told:
                if named:
                    told[generation_id].add(member_id)
                assert (leader == member_id) == bool(named)
        assert all(len(leaders) == 1 for leaders in told.values()), told

    @invariant()
    def in_a_generation_no_partition_is_given_to_two(self) -> None:
        owners: dict[tuple[int, int], set[str]] = defaultdict(set)
        for consumer in self.all:
            for generation_id, numbers in consumer.given:
                for number in numbers:
                    owners[generation_id, number].add(consumer.instance_id or consumer.name)
        assert all(len(each) == 1 for each in owners.values()), owners

    @invariant()
    def whatever_is_waited_for_has_a_time_out(self) -> None:
        waiting = [
            each
            for watchers in self.desk.purgatory._watchers_of.values()
            for each in watchers
            if not each.completed and each.timer_entry is not None
        ]
        group = self.desk.coordinator._groups._groups["g"]
        counted = Counter(type(each) for each in waiting if not isinstance(each, DelayedHeartbeat))
        joins = sum(number for kind, number in counted.items() if issubclass(kind, DelayedJoin))
        assert joins == (group.state is GroupState.PREPARING_REBALANCE)
        assert counted[DelayedSync] == bool(group.unsynced and group.state is not GroupState.PREPARING_REBALANCE)
        sessions = Counter(each.member for each in waiting if isinstance(each, DelayedHeartbeat))
        assert set(sessions.values()) <= {1}
        for member in group.members.values():
            assert sessions[member] or member.is_waiting, member

    @invariant()
    def the_group_is_what_its_state_says(self) -> None:
        group = self.desk.coordinator._groups._groups["g"]
        members = group.members.values()
        if group.state is not GroupState.PREPARING_REBALANCE:
            assert bool(members) == (group.state is not GroupState.EMPTY)
        assert group.leader_id in (group.members or {None: None})
        assert {each.instance_id: each.member_id for each in members if each.instance_id} == group.static
        assert group.pending.isdisjoint(group.members)
        if group.state is not GroupState.PREPARING_REBALANCE:
            assert not any(each.join for each in members)
        if group.state is not GroupState.COMPLETING_REBALANCE:
            assert not any(each.sync for each in members)

    def teardown(self) -> None:
        self.desk.advance(1_000_000)
        assert [asked.body for asked in self.desk.asked if len(asked.answers) != 1] == []
        assert self.desk.state == "Empty"
        self.desk.purgatory.purge()
        assert (self.desk.purgatory.num_delayed, self.desk.purgatory.watched) == (0, 0)


class HistoriesWithADelay(Histories):
    """A new group waits for more members."""

    delay_ms = 3_000


class Quiet(Histories):
    """At the end those who are left are let act: they all get a share, and together everything."""

    def teardown(self) -> None:
        for _ in range(40):
            for consumer in self.alive:
                consumer.step()
            self.desk.advance(500)
        if self.alive:
            assert self.desk.state == "Stable"
            shares = [number for consumer in self.alive for number in consumer.owned]
            assert sorted(shares) == list(PARTITIONS)
        super().teardown()


histories = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestHistories = Histories.TestCase
TestHistories.settings = histories
TestHistoriesWithADelay = HistoriesWithADelay.TestCase
TestHistoriesWithADelay.settings = histories
TestQuiet = Quiet.TestCase
TestQuiet.settings = histories
